/**
 * Arguments: folder, label, how many (0: for ever), bytes of a file, closed files. Reports each
 * event on standard output once it is written.
 */
import { writeSync } from "node:fs";
import { setTimeout } from "node:timers/promises";
import { openEventLog } from "../../../src/events/log/event-log.ts";
import { anEvent } from "../an-event.ts";

const [folder = "", label = "", many = "0", fileBytes = "1000000", oldFiles = "1000"] =
  process.argv.slice(2);
const RETRY_MS = 10;
const log = openEventLog(folder, {
  fileBytes: Number(fileBytes),
  oldFiles: Number(oldFiles),
  retryMs: RETRY_MS,
});
const wanted = Number(many);
for (let i = 0; wanted === 0 || i < wanted; i++) {
  log.append(anEvent({ id: `${label}-${i}`, object: `/${label}/${i}` }));
  // Others may have the lock for longer than a writer waits, on a busy machine: then the event
  // waits, and so does its caller.
  for (; log.problem !== null; log.flush()) await setTimeout(RETRY_MS / 2);
  writeSync(1, `${label}-${i}\n`);
}
process.exitCode = log.close();
