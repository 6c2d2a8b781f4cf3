import type { Tried } from "./break-ins.ts";
import type { Passage } from "./go-through.ts";

type Seen = Passage | { readonly name: string; readonly step: string; readonly why: string };

/** For a terminal of 80 columns. */
export function tableOf(seen: readonly Seen[]): string {
  const rows = seen.map((one) => {
    const name = one.name.padEnd(26);
    if ("why" in one) return `${name} FAILED ${one.step}`;
    return `${name} passed ${one.version.slice(0, 22).padEnd(22)} ${heldCount(one.tried)} held`;
  });
  const passed = seen.filter((one) => !("why" in one)).length;
  const last = `${passed} passed, ${seen.length - passed} failed`;
  return [...rows, last, ""].join("\n");
}

/** e.g. `29 + 3`: by the domain alone, and by ordinary permissions as well. */
export function heldCount(tried: readonly Tried[]): string {
  const count = (held: Tried["held"]) => tried.filter((one) => one.held === held).length;
  return `${count("domain")} + ${count("permissions")}`;
}
