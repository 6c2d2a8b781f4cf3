import { renameSync, statSync, writeFileSync } from "node:fs";
import { PRIVATE_FILE } from "../base/modes.ts";
import { readJson } from "../base/read-json.ts";
import * as is from "../base/schema.ts";
import { readIfThere } from "../kernel/read-if-there.ts";

/** For root only: what it says of denials is in the log. */
const MODE = PRIVATE_FILE;

const collectorStatus = is.object({
  pid: is.whole(),
  /** See {@link programStamp}. */
  program: is.text,
  /** Why denials by Landlock are not seen; null: they are. */
  landlock: is.nullable(is.text),
  /** The same for refusals by the programs of control groups. */
  programs: is.nullable(is.text),
  /** The same for capabilities that are used at level warning. */
  capabilities: is.added(is.nullable(is.text), null),
});

export type CollectorStatus = is.Described<typeof collectorStatus>;

/** Of the last collector; null if there was none in this boot. */
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

/** Differs for another installation's program, or another version in its place. */
export function programStamp(path: string): string {
  const stats = statSync(path, { bigint: true, throwIfNoEntry: false });
  return stats === undefined ? "none" : `${stats.dev} ${stats.ino} ${stats.ctimeNs}`;
}
