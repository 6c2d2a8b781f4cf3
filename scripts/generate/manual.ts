import { commands } from "../../src/cli/commands.ts";
import { manual } from "../../src/cli/manual/manual.ts";

/** `man/`: a page for each command, from the table for `--help`, and one for policy files. */
export function generate(): { path: string; text: string }[] {
  return manual(commands).map(({ file, text }) => ({ path: `man/${file}`, text }));
}
