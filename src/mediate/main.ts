/**
 * The mediator of one domain: answers the calls that Landlock cannot decide. Started by the holder with the descriptors of `plan/slots.ts`,
 * no arguments, and an environment of PATH alone. The process it starts itself for slow file systems is the same program, told so by an argument. Exit status 0 when the domain's last process is gone; anything else makes the holder answer what is in flight with EIO.
 */
import { appendEvent } from "../events/log.ts";
import { decodePlan } from "../plan/decode.ts";
import { mediatorDescriptors } from "../plan/slots.ts";
import { abi } from "./abi.ts";
import { Broker } from "./broker.ts";
import { WORKER_ARGUMENT } from "./elsewhere.ts";
import { runLoop } from "./loop.ts";
import { readAll } from "./read-all.ts";
import { Reporter } from "./report.ts";
import { ignoreSignals } from "./signals.ts";
import { sys } from "./sys.ts";
import { runWorker } from "./worker.ts";

ignoreSignals();
// Nothing of the domain, nor another process of the same user, may look into or attach to the one who decides.
sys("prctl", abi.PR_SET_DUMPABLE, 0);
sys("umask", 0);
process.chdir("/");

const works = process.argv[2] === WORKER_ARGUMENT;
const broker = new Broker(decodePlan(readAll(mediatorDescriptors.plan)), works);
const reporter = new Reporter(broker, (event) => appendEvent(mediatorDescriptors.events, event));
if (works) runWorker(broker, reporter);
else runLoop(mediatorDescriptors, broker, reporter);
reporter.flush();
// A worker that still lives must not keep this process: it ends with it.
process.exit(0);
