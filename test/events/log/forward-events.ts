/**
 * Arguments: folder of the log, file of the state. Forwards to `lines.log` beside the state for
 * ever, saving its state after every step.
 */
import { existsSync, readFileSync, renameSync, writeFileSync } from "node:fs";
import { dirname } from "node:path";
import { setTimeout } from "node:timers/promises";
import { Forwarder } from "../../../src/events/forward/forwarder.ts";
import { textSink } from "../../../src/events/forward/text-sink.ts";

const [folder = "", stateFile = ""] = process.argv.slice(2);
const sink = textSink(dirname(stateFile), "lines.log", ({ event }) => `${event.id}\n`, {
  bytes: 4_000,
  oldFiles: 1_000,
});
const state = existsSync(stateFile) ? JSON.parse(readFileSync(stateFile, "utf8")) : null;
const forwarder = new Forwarder(folder, sink, state);
for (;;) {
  const step = forwarder.step();
  if (step.problem !== null) throw new Error(step.problem);
  writeFileSync(`${stateFile}.new`, JSON.stringify(step.state));
  renameSync(`${stateFile}.new`, stateFile);
  if (step.caughtUp) await setTimeout(1);
}
