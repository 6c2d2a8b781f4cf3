import { createInterface } from "node:readline";
import type { Places } from "../host/places.ts";
import type { Context } from "./command.ts";

/** Columns of what is no terminal, or of one that does not know (a serial console says 0). */
const WIDTH_DEFAULT = 80;

/**
 * Exit status of a program that SIGPIPE ended, as shells have it. Node ignores the signal, and gets
 * an error instead.
 */
const READER_GONE = 128 + 13;

/** Of this process: its standard output and error. */
export function contextOf(places: Places): Context {
  return {
    places,
    out: (text) => void process.stdout.write(text),
    err: (text) => void process.stderr.write(text),
    width: process.stdout.columns || WIDTH_DEFAULT,
    color: process.stdout.isTTY === true && !process.env.NO_COLOR && process.env.TERM !== "dumb",
    ...(process.stdin.isTTY === true && process.stderr.isTTY === true ? { confirm } : {}),
  };
}

/** Whatever is not `yes` is no, and so is the end of the input. */
async function confirm(question: string): Promise<boolean> {
  const asked = createInterface({ input: process.stdin, output: process.stderr });
  const answer = await new Promise<string>((resolve) => {
    asked.once("close", () => resolve(""));
    asked.question(`${question} (yes/no) `, resolve);
  });
  asked.close();
  return answer.trim().toLowerCase() === "yes";
}

/** Ends quietly when nobody reads any more. */
export function endWithReader(): void {
  for (const stream of [process.stdout, process.stderr])
    stream.on("error", (error: NodeJS.ErrnoException) => {
      if (error.code === "EPIPE") process.exit(READER_GONE);
      throw error;
    });
}
