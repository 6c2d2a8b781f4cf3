import { renameSync, statSync, writeFileSync } from "node:fs";
import { readJson } from "../base/read-json.ts";
import * as is from "../base/schema.ts";
import { readIfThere } from "../kernel/read-if-there.ts";

/** Root alone: what it says of denials is in the log. */
const MODE = 0o600;

const collectorStatus = is.object({
  pid: is.whole(),
  /** Of the program that it runs; see {@link programStamp}. */
  program: is.text,
  /** Why denials by Landlock are not seen; null: they are. */
  landlock: is.nullable(is.text),
  /** The same of refusals by the programs of control groups. */
  programs: is.nullable(is.text),
});

export type CollectorStatus = is.Described<typeof collectorStatus>;

/** What the collector that wrote it last sees; null where there was none in this boot. */
export function readCollectorStatus(path: string): CollectorStatus | null {
  const text = readIfThere(path);
  if (text === null) return null;
  const read = readJson(collectorStatus, text);
  return read.state === "good" ? read.value : null;
}

/** Whole or not at all. Not synced: it counts while this boot lasts. */
export function writeCollectorFile(path: string, value: unknown): void {
  const scratch = `${path}.new`;
  writeFileSync(scratch, `${JSON.stringify(value)}\n`, { mode: MODE });
  renameSync(scratch, path);
}

/** Another installation's program, or another version in its place, has another one. */
export function programStamp(path: string): string {
  const stats = statSync(path, { bigint: true, throwIfNoEntry: false });
  return stats === undefined ? "none" : `${stats.dev} ${stats.ino} ${stats.ctimeNs}`;
}
