/**
 * The mediator of one domain: answers the calls that Landlock cannot decide. Started by the holder with the descriptors of `plan/slots.ts`,
 * no arguments, and an environment of PATH alone. Exit status 0 when the domain's last process is gone; anything else makes the holder answer what is in flight with EIO.
 */
import { appendEvent } from "../events/log.ts";
import { decodePlan } from "../plan/decode.ts";
import { mediatorDescriptors } from "../plan/slots.ts";
import { abi } from "./abi.ts";
import { Broker } from "./broker.ts";
import { runLoop } from "./loop.ts";
import { readAll } from "./read-all.ts";
import { Reporter } from "./report.ts";
import { ignoreSignals } from "./signals.ts";
import { sys } from "./sys.ts";

ignoreSignals();
// Nothing of the domain, nor another process of the same user, may look into or attach to the one who decides.
sys("prctl", abi.PR_SET_DUMPABLE, 0);
sys("umask", 0);
process.chdir("/");

const broker = new Broker(decodePlan(readAll(mediatorDescriptors.plan)));
const reporter = new Reporter(broker, (event) => appendEvent(mediatorDescriptors.events, event));
runLoop(mediatorDescriptors, broker, reporter);
reporter.flush();
