import { runsSystemd } from "../service-unit.ts";
import { systemctl } from "./systemctl.ts";
import { DROP_IN, isTemplate } from "./unit.ts";

/**
 * The paths of the control groups that systemd makes for these services when they start
 * (/system.slice/nginx.service), by the names given. Without those that this host does not have,
 * that are templates, or that `unit enable` lets enter their domain through the launcher.
 * @throws HostError where systemd cannot be asked
 */
export function groupsOfUnits(names: readonly string[]): ReadonlyMap<string, string> {
  const asked = names.filter((name) => !isTemplate(name));
  if (asked.length === 0 || !runsSystemd()) return new Map();
  const properties = "--property=Id,LoadState,Slice,DropInPaths";
  // One block a unit, in the order of the names; an alias has the Id of the unit that it names.
  const blocks = systemctl("show", properties, "--", ...asked)
    .out.trim()
    .split("\n\n");
  const groups = new Map<string, string>();
  for (const [index, name] of asked.entries()) {
    const told = (key: string) => new RegExp(`^${key}=(.*)$`, "m").exec(blocks[index] ?? "")?.[1];
    if (told("LoadState") !== "loaded" || told("DropInPaths")?.includes(`/${DROP_IN}`)) continue;
    groups.set(name, `${groupOfSlice(told("Slice") ?? "")}/${told("Id") ?? name}`);
  }
  return groups;
}

/** `a-b.slice` lies in `a.slice`, and `-.slice` is the root (systemd.slice(5)). */
export function groupOfSlice(slice: string): string {
  const words = slice.replace(/\.slice$/, "").split("-");
  if (slice === "" || slice === "-.slice") return "";
  return words.map((_, index) => `/${words.slice(0, index + 1).join("-")}.slice`).join("");
}
