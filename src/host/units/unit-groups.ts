import { HostError } from "../host-error.ts";
import { runsSystemd } from "../service-unit.ts";
import { systemctl } from "./systemctl.ts";
import { DROP_IN, isTemplate } from "./unit.ts";

/**
 * The paths of the control groups that systemd makes for these services when they start
 * (/system.slice/nginx.service), by the names given. Without those that this host does not have,
 * that are templates, or that `unit enable` lets enter their domain through the launcher, which
 * compiles a plan in the group where none lies ready.
 * @throws HostError where systemd cannot be asked, or does not tell of each
 */
export function groupsOfUnits(names: readonly string[]): ReadonlyMap<string, string> {
  const asked = [...new Set(names)].filter((name) => !isTemplate(name));
  if (asked.length === 0 || !runsSystemd()) return new Map();
  const properties = "--property=Id,LoadState,Slice,DropInPaths";
  const { status, out, err } = systemctl("show", properties, "--", ...asked);
  const groups = status === 0 ? groupsIn(out, asked) : null;
  if (groups === null)
    throw new HostError(
      `systemd does not tell the control groups of units: ${err.trim().split("\n")[0]}`,
      "see `systemctl show`, and `journalctl -xe`",
    );
  return groups;
}

/**
 * From what `systemctl show` prints: one block a unit, in the order of the names. An alias has the
 * Id of the unit that it names. null if it does not tell of each.
 */
export function groupsIn(
  told: string,
  names: readonly string[],
): ReadonlyMap<string, string> | null {
  const blocks = told.trim().split("\n\n");
  if (blocks.length !== names.length) return null;
  const groups = new Map<string, string>();
  for (const [index, name] of names.entries()) {
    const property = (key: string) =>
      new RegExp(`^${key}=(.*)$`, "m").exec(blocks[index] ?? "")?.[1] ?? "";
    const isOurs = property("DropInPaths").includes(`/${DROP_IN}`);
    if (property("LoadState") !== "loaded" || isOurs) continue;
    groups.set(name, `${groupOfSlice(property("Slice"))}/${property("Id")}`);
  }
  return groups;
}

/** `a-b.slice` lies in `a.slice`, and `-.slice` is the root (systemd.slice(5)). */
export function groupOfSlice(slice: string): string {
  const words = slice.replace(/\.slice$/, "").split("-");
  if (slice === "" || slice === "-.slice") return "";
  return words.map((_, index) => `/${words.slice(0, index + 1).join("-")}.slice`).join("");
}

/**
 * The system manager's service of the group: the first service of the path. In a hybrid hierarchy
 * the manager's own hierarchy has a name.
 */
export function unitOfGroups(text: string): string | null {
  const path = /^(?:0:|\d+:name=systemd):(\/.+)$/m.exec(text)?.[1] ?? "";
  return path.split("/").find((part) => part.endsWith(".service")) ?? null;
}
