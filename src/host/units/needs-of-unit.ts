import { property, type Unit } from "./unit.ts";

/** What systemd waits for before the unit counts as started, and where the daemon says it. */
interface Readiness {
  /** The unit's `Type=`. */
  readonly type: string;
  readonly what: string;
  readonly socket: string;
}

const message = { what: "a message from the daemon", socket: "/run/systemd/notify" };
const readinessOfType: Readonly<Record<string, Omit<Readiness, "type">>> = {
  notify: message,
  "notify-reload": message,
  dbus: { what: "the daemon's name on the bus", socket: "/run/dbus/system_bus_socket" },
};

/** null if systemd waits for nothing that the daemon says. */
export function readinessOf(unit: Unit): Readiness | null {
  const type = property(unit, "Type");
  const awaited = readinessOfType[type];
  return awaited === undefined ? null : { type, ...awaited };
}

/** The setting by which the daemon's output is a socket; null if it is none. */
export function socketOutputOf(unit: Unit): "StandardOutput" | "StandardError" | null {
  const isSocket = (text: string) => /^(?:journal|kmsg|syslog|socket)/.test(text);
  const streams = ["StandardOutput", "StandardError"] as const;
  return streams.find((name) => isSocket(property(unit, name))) ?? null;
}
