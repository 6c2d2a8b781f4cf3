import type { Tried } from "./break-ins.ts";
import type { Passage } from "./go-through.ts";

type Seen = Passage | { readonly name: string; readonly step: string; readonly why: string };

/** For a terminal of 80 columns. */
export function tableOf(seen: readonly Seen[]): string {
  const rows = seen.map((one) =>
    "why" in one
      ? `${one.name.padEnd(26)} FAILED ${one.step}`
      : `${one.name.padEnd(26)} passed ${one.version.slice(0, 22).padEnd(22)} ${heldOf(one.tried)}`,
  );
  const passed = seen.filter((one) => !("why" in one)).length;
  const last = `${passed} passed, ${seen.length - passed} failed`;
  return [...rows, last, ""].join("\n");
}

/** e.g. `29 + 3 held`: by the domain alone, and by ordinary permissions as well. */
export function heldOf(tried: readonly Tried[]): string {
  const count = (held: Tried["held"]) => tried.filter((one) => one.held === held).length;
  return `${count("domain")} + ${count("permissions")} held`;
}
