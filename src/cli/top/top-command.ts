import { ExitCode } from "../../host/exit-code.ts";
import { type Command, CommandError, type Context, jsonOption, type Options } from "../command.ts";
import type { ViewSource } from "../view/source.ts";
import { runBatch } from "./batch.ts";
import { DELAY_MAX_S, DELAY_MIN_S, parseDelay } from "./keys.ts";
import { runLive } from "./live.ts";
import { firstChoices } from "./screen.ts";
import { Terminal } from "./terminal.ts";

/** `cofferdam top` with its readings from `source`. */
export function topOf(source: (context: Context) => ViewSource): Command {
  return {
    name: "top",
    operands: [],
    summary: "a live view of what domains use: CPU, memory, descriptors, events",
    description: [
      "One line a domain, with the CPU time, memory, processes and descriptors of all its processes, and its denials and warnings. Keys: h shows all of them; q quits; c, m, f, p, e, t, n sort; d changes the seconds between readings; arrows and page keys move.",
      "%CPU is of one processor, and counts processes that have ended since; RES counts pages that processes share once for each of them. superDom is whatever is in no domain. Works without an agent, which counts events: then there are none.",
      "With --batch one line of column names, then one line a reading, in the form of `esxtop -b`: the columns are the domains of the first reading. With --json one object a line. Both wait one interval before the first line.",
      "Exit status: 0, 3 when nothing can be read.",
    ],
    options: [
      { flags: "-b, --batch", description: "lines of comma-separated values instead of a screen" },
      { flags: "-n, --iterations <count>", description: "end after as many readings" },
      {
        flags: "-d, --delay <seconds>",
        description: `between readings, from ${DELAY_MIN_S} to ${DELAY_MAX_S} (default ${firstChoices.delay})`,
      },
      { ...jsonOption, description: "print one JSON object a reading, for programs" },
    ],
    examples: [
      { line: "cofferdam top", what: "at a terminal" },
      { line: "cofferdam top -b -n 12 -d 5 > minute.csv", what: "a minute for a spreadsheet" },
      {
        line: "cofferdam top --json -n 1 -d 1 | jq '.domains[] | select(.cpuPercent > 50)'",
        what: "who uses more than half a processor now",
      },
    ],
    async run(context, _operands, options) {
      const batch = options.batch === true || options.json === true;
      const delay = delayOf(options);
      const frames = framesOf(options, batch);
      if (batch)
        await runBatch(context, source(context), { delay, frames, json: options.json === true });
      else await live(source(context), delay);
      return ExitCode.ok;
    },
  };
}

async function live(source: ViewSource, delay: number): Promise<void> {
  if (!Terminal.isOne())
    throw new CommandError(
      "a live view needs a terminal",
      "cofferdam top --batch writes lines to a file or a pipe",
      ExitCode.usage,
    );
  await runLive(source, delay);
}

function delayOf({ delay }: Options): number {
  if (delay === undefined) return firstChoices.delay;
  const seconds = parseDelay(String(delay));
  if (seconds !== null) return seconds;
  throw new CommandError(
    `\`${delay}\` is no delay`,
    `give seconds, from ${DELAY_MIN_S} to ${DELAY_MAX_S}`,
    ExitCode.usage,
  );
}

function framesOf({ iterations }: Options, batch: boolean): number | null {
  if (iterations === undefined) return null;
  if (!batch)
    throw new CommandError(
      "a live view has no end of its own",
      "use -n with --batch or --json",
      ExitCode.usage,
    );
  if (/^[1-9]\d{0,8}$/.test(String(iterations))) return Number(iterations);
  throw new CommandError(
    `\`${iterations}\` is no number of readings`,
    "give a whole number from 1",
    ExitCode.usage,
  );
}
