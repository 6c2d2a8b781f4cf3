import { fstatSync } from "node:fs";
import { isatty } from "node:tty";
import { readProcStat } from "../domains/proc-stat.ts";

/** None; the peer's own, which the shell may take over; or why it may not. */
export type Terminal = "none" | "own" | { readonly refused: string };

/** Why process `pid` may not have its terminal, one of the `descriptors`, carried elsewhere; null where it may. */
export function foreignTerminal(pid: number, descriptors: readonly number[]): string | null {
  const stat = readProcStat(pid);
  const terminals = descriptors.filter((fd) => isatty(fd));
  if (stat === null || terminals.some((fd) => fstatSync(fd).rdev !== stat.terminal))
    return "this terminal is not yours";
  const isTyped = terminals.includes(descriptors[0] ?? -1);
  return isTyped && stat.group !== stat.foreground
    ? "it reads the terminal, so it must be in the foreground: fg"
    : null;
}

/**
 * Whether descriptor `input` is the controlling terminal of the session that process `pid` leads. The shell takes it away from that session: were the peer not
 * its leader, whoever started the peer would be left without.
 */
export function terminalOf(pid: number, input: number): Terminal {
  if (!isatty(input)) return "none";
  const stat = readProcStat(pid);
  if (stat === null || stat.terminal !== fstatSync(input).rdev)
    return { refused: "standard input is a terminal that is not yours" };
  if (stat.session !== pid)
    return { refused: "a shell takes the terminal of a whole session: exec it in the session's first process" };
  return "own";
}
