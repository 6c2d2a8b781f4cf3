import type { Context } from "../../src/cli/command.ts";

/**
 * A context in which a command is run in this process, and what it has said there when it ended.
 * `width` in columns.
 */
export function hearing(places: Context["places"], width = 80) {
  const out: string[] = [];
  const err: string[] = [];
  const context: Context = {
    places,
    out: (text) => void out.push(text),
    err: (text) => void err.push(text),
    width,
    color: false,
  };
  return {
    context,
    ended: <S extends number | null>(status: S) => ({
      status,
      out: out.join(""),
      err: err.join(""),
    }),
  };
}
