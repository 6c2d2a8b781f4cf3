import { systemctl } from "./systemctl.ts";
import { askable, parseProperties, type Unit, words } from "./unit.ts";

/** A socket unit that hands its sockets to a service. */
export interface ActivatingSocket {
  readonly name: string;
  /** Started, or enabled and so started by the next boot. */
  readonly isUsed: boolean;
}

/**
 * TriggeredBy= of a service has only sockets that systemd has loaded. One that is neither started
 * nor enabled is not loaded before a client asks for it: the socket of the service's own name is
 * asked for.
 */
export function socketsOf({ name: unit, properties }: Unit): readonly ActivatingSocket[] {
  const service = askable(unit);
  const loaded = words(properties.get("TriggeredBy") ?? "").filter((name) => isSocket(name));
  const names = new Set([...loaded, service.replace(/\.service$/, ".socket")]);
  return [...names].flatMap((name) => {
    const wanted = "--property=LoadState,ActiveState,UnitFileState,Triggers";
    const shown = parseProperties(systemctl("show", wanted, "--", name).out);
    const triggers = words(shown.get("Triggers") ?? "").includes(service);
    if (!loaded.includes(name) && !(shown.get("LoadState") === "loaded" && triggers)) return [];
    const isEnabled = (shown.get("UnitFileState") ?? "").startsWith("enabled");
    return [{ name, isUsed: shown.get("ActiveState") === "active" || isEnabled }];
  });
}

function isSocket(name: string): boolean {
  return name.endsWith(".socket");
}
