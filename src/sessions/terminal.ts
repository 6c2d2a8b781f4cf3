import { readProcStat } from "../domains/proc-stat.ts";

/** No terminal; the peer's own one, which the shell may take over; or why it may not. */
export type Terminal = "none" | "own" | { readonly refused: string };

export function foreignTerminal(pid: number, terminals: readonly number[]): string | null {
  const stat = readProcStat(pid);
  const own = terminals.filter((terminal) => terminal !== 0);
  if (stat === null || own.some((terminal) => terminal !== stat.terminal))
    return "this terminal is not yours";
  const isTyped = (terminals[0] ?? 0) !== 0;
  return isTyped && stat.group !== stat.foreground
    ? "it reads the terminal, so it must be in the foreground: fg"
    : null;
}

/**
 * Whether standard input is the controlling terminal of the session that process `pid` leads.
 * `input`: the device number of that terminal, or 0. The shell takes the terminal away from that
 * session: if the peer were not the leader, the process that started it would lose its terminal.
 */
export function terminalOf(pid: number, input: number): Terminal {
  if (input === 0) return "none";
  const stat = readProcStat(pid);
  if (stat === null || stat.terminal !== input)
    return { refused: "standard input is a terminal that is not yours" };
  if (stat.session !== pid)
    return {
      refused:
        "a shell takes the terminal of a whole session: exec it in the session's first process",
    };
  return "own";
}
