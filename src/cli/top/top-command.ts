import { ExitCode } from "../../host/exit-code.ts";
import { type Command, CommandError, type Context, jsonOption, type Options } from "../command.ts";
import { Terminal } from "../terminal/terminal.ts";
import type { ViewSource } from "../view/source.ts";
import { runBatch } from "./batch.ts";
import { DELAY_MAX_S, DELAY_MIN_S, parseDelay } from "./keys.ts";
import { runLive } from "./live.ts";
import { firstChoices } from "./screen.ts";

export function topOf(source: (context: Context) => ViewSource): Command {
  return {
    name: "top",
    operands: [],
    summary: "a live view of what domains use: CPU, memory, descriptors, events",
    description: [
      "Shows one line per domain: CPU time, memory, processes, descriptors, denials and " +
        "warnings. Key h lists all keys, q quits.",
      "%CPU is a percentage of one processor and includes ended processes. RES counts a shared " +
        "page once for each process. superDom contains the processes outside every domain. " +
        "Without an agent, events are unknown.",
      "--batch prints a line of column names and then one line per reading, in the format of " +
        "`esxtop -b`; the first reading fixes the columns. --json prints one object per line. " +
        "Both wait one interval before the first line.",
      "Exit status: 0, 3 when nothing can be read.",
    ],
    options: [
      { flags: "-b, --batch", description: "lines of comma-separated values instead of a screen" },
      { flags: "-n, --iterations <count>", description: "end after that many readings" },
      {
        flags: "-d, --delay <seconds>",
        description:
          `between readings, from ${DELAY_MIN_S} to ${DELAY_MAX_S} (default ` +
          `${firstChoices.delay})`,
      },
      { ...jsonOption, description: "print one JSON object a reading, for programs" },
    ],
    examples: [
      { line: "cofferdam top", what: "at a terminal" },
      { line: "cofferdam top -b -n 12 -d 5 > minute.csv", what: "a minute for a spreadsheet" },
      {
        line: "cofferdam top --json -n 1 -d 1 | jq '.domains[] | select(.cpuPercent > 50)'",
        what: "domains that use more than half a processor",
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
    `\`${delay}\` is not a delay`,
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
    `\`${iterations}\` is not a number of readings`,
    "give a whole number from 1",
    ExitCode.usage,
  );
}
