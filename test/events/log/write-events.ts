/** Arguments: folder, label, how many (0: for ever), bytes of a file. Tells each event on standard output once it is written. */
import { writeSync } from "node:fs";
import { openEventLog } from "../../../src/events/log/event-log.ts";
import { anEvent } from "../an-event.ts";

const [folder = "", label = "", many = "0", fileBytes = "1000000"] = process.argv.slice(2);
const log = openEventLog(folder, { fileBytes: Number(fileBytes), oldFiles: 1_000 });
const wanted = Number(many);
for (let i = 0; wanted === 0 || i < wanted; i++) {
  log.append(anEvent({ id: `${label}-${i}`, object: `/${label}/${i}` }));
  if (log.problem !== null) throw new Error(log.problem);
  writeSync(1, `${label}-${i}\n`);
}
process.exitCode = log.close();
