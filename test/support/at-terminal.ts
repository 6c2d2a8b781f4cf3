import { execFile } from "node:child_process";
import { join } from "node:path";
import { promisify } from "node:util";
import { root } from "../house/tree.ts";

export interface Ended {
  readonly status: number;
  /** Of each step, and what came after the last. */
  readonly outputs: readonly string[];
  /** Whether the terminal's settings are the first ones again: at the end, and where it stopped. */
  readonly same: boolean | null;
  readonly stoppedSame: boolean | null;
}

const script = join(root, "test/cli/top/at-terminal.py");

/** Runs a command at a terminal of its own; the script says which steps there are. */
export async function atTerminal(
  steps: readonly object[],
  command: readonly string[],
  environment: Readonly<Record<string, string>> = {},
): Promise<Ended> {
  const env = { PATH: process.env.PATH, HOME: process.env.HOME, TERM: "xterm", ...environment };
  const { stdout } = await promisify(execFile)(
    "python3",
    [script, JSON.stringify(steps), ...command],
    { env },
  );
  return JSON.parse(stdout);
}

/** The rows of the last screen that was drawn whole. */
export function lastScreen(output: string): readonly string[] {
  const text = output.slice(output.lastIndexOf("\u001b[H") + 3);
  return text.split(/\r+\n/).map((line) => line.replaceAll(/\u001b\[\d*[a-zA-Z]/g, ""));
}
