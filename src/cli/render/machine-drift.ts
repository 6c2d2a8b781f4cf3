import { printable } from "../../base/printable.ts";

/**
 * Names that now lead elsewhere than the machine's domain grants, with what to do; empty for none.
 */
export function renderMachineDrift(machine: string, drift: readonly string[]): string {
  if (drift.length === 0) return "";
  const lines = drift.map((difference) => `  ${printable(difference)}\n`).join("");
  return (
    `\nnames that now lead elsewhere than this domain grants:\n${lines}  to follow them now: ` +
    `cofferdam vm refresh ${machine}\n`
  );
}
