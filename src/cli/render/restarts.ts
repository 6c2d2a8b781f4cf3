import { printable } from "../../base/printable.ts";

/** Running processes that keep the level or policy of their start, each with what to do. */
export function renderRestarts(
  restarts: readonly { readonly pid: number; readonly command: string; readonly how: string }[],
  what: "level" | "policy",
): string {
  return restarts
    .map(
      ({ pid, command, how }) =>
        `  process ${pid} (${printable(command)}) keeps the ${what} of its start\n    ` +
        `restart it: ${printable(how)}\n`,
    )
    .join("");
}
