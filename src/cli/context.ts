import { createInterface } from "node:readline";
import type { Places } from "../host/places.ts";
import type { Context } from "./command.ts";

/**
 * Columns if the output is no terminal, or a terminal that does not know its size (a serial console
 * says 0).
 */
const WIDTH_DEFAULT = 80;

/**
 * The status that shells report for a program that died of SIGPIPE. Node ignores the signal and
 * gets an error instead.
 */
const READER_GONE = 128 + 13;

/** A context that writes to this process's standard output and error. */
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

/** Every answer but `yes`, and the end of the input, means no. */
async function confirm(question: string): Promise<boolean> {
  const asked = createInterface({ input: process.stdin, output: process.stderr });
  const answer = await new Promise<string>((resolve) => {
    asked.once("close", () => resolve(""));
    asked.question(`${question} (yes/no) `, resolve);
  });
  asked.close();
  return answer.trim().toLowerCase() === "yes";
}

/** Exits quietly when the reader of standard output is gone. */
export function endWithReader(): void {
  for (const stream of [process.stdout, process.stderr])
    stream.on("error", (error: NodeJS.ErrnoException) => {
      if (error.code === "EPIPE") process.exit(READER_GONE);
      throw error;
    });
}
