/**
 * An agent in a process of its own, for tests that kill it: the folder of its state, then the
 * program of its mediator, if any.
 */
import { Agent } from "../../src/agent/agent.ts";
import { keepHeapSmall } from "../../src/agent/small-heap.ts";
import { HostError } from "../../src/host/host-error.ts";
import { scratchPlaces } from "./scratch-places.ts";

const [folder = "", home = "", mediator] = process.argv.slice(2);

keepHeapSmall();
try {
  await Agent.start({
    places: scratchPlaces(folder, home),
    mediator:
      mediator === undefined
        ? null
        : { program: process.execPath, arguments: [mediator, "shared"] },
    sessions: null,
    collector: null,
    activated: null,
    log: (text) => void process.stderr.write(`${text}\n`),
  });
  process.stdout.write("ready\n");
} catch (error) {
  if (!(error instanceof HostError)) throw error;
  process.stderr.write(`${error.message}\n${error.help}\n`);
  process.exit(error.exitCode);
}
