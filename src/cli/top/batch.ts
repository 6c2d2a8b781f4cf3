import { setTimeout } from "node:timers/promises";
import type { Context } from "../command.ts";
import type { ViewSource } from "../view/source.ts";
import { CsvTable } from "./csv.ts";
import { frameOf } from "./frame.ts";

export interface BatchOptions {
  /** Seconds between frames. */
  readonly delay: number;
  /** How many; null: until a signal ends it. */
  readonly frames: number | null;
  readonly json: boolean;
}

/**
 * Prints frames for a program or a file. The first one comes after one interval, because rates need
 * two readings.
 */
export async function runBatch(
  { out, err }: Context,
  source: ViewSource,
  options: BatchOptions,
): Promise<void> {
  let before = await source.reading();
  let table: CsvTable | null = null;
  const told = new Set<string>();
  for (let count = 0; options.frames === null || count < options.frames; count++) {
    await setTimeout(options.delay * 1_000);
    const now = await source.reading();
    const frame = frameOf(before, now);
    before = now;
    if (options.json) {
      out(`${JSON.stringify(frame)}\n`);
      continue;
    }
    if (table === null) {
      table = new CsvTable(frame);
      out(table.head);
    }
    const { text, strangers } = table.row(frame);
    out(text);
    for (const name of strangers.filter((one) => !told.has(one))) {
      told.add(name);
      err(`cofferdam: ${name} is new and has no columns; --json shows it\n`);
    }
  }
}
