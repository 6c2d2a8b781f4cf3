/**
 * The mediator: answers the calls that the kernel cannot decide for a domain by itself. It reads
 * no environment but PATH. Its first argument says what it serves:
 *
 *     mediator.js [own [FOLDER]]         one domain, for the holder that started it and passed it
 *                                        the descriptors of `plan/slots.ts`
 *     mediator.js untold | given-up | refused
 *                                        writes the events that a domain's last mediator counted
 *                                        and did not log
 *     mediator.js shared [SOCKET]        every domain whose holder hands it over at SOCKET
 *     mediator.js stand-by SOCKET PARENT takes over from the mediator PARENT, which started it
 *     mediator.js worker FOLDER PARENT   does work that may block, for mediator PARENT
 *
 * The folders beside this file, in the order in which a call meets them:
 *
 *     loop/     receives calls, schedules domains, keeps calls that wait; slots and takeover
 *     shared/   hands the domains of many holders to one loop
 *     domain/   what the mediator knows of one domain: plan, policy in force, grants, processes
 *     target/   one stopped thread: memory, credentials, descriptors, namespaces
 *     walk/     resolves a path of the target to the object that is judged
 *     calls/    one handler per system call, by family, sealed and supervised side by side
 *     answer/   outcomes; how one is returned or settled, and becomes the kernel's answer
 *     worker/   processes that do what may block
 *     report/   events
 *     sys/      raw system calls and the kernel's numbers
 *
 * docs/mediation.md ("One call") follows one call through ten of these files.
 *
 * FOLDER holds the host's table of domains. Exit status 0 means that nothing is left to do. After
 * any other status a holder looks for a successor.
 */

import { Domain } from "./domain/domain.ts";
import { inheritedByWorker } from "./domain/handed.ts";
import { ProcessState } from "./domain/process-state.ts";
import { ignoreSignals } from "./loop/block-signals.ts";
import { runOwn, tellLast } from "./loop/single-run.ts";
import { MEDIATOR_SOCKET, SHARED_ARGUMENT, STAND_BY_ARGUMENT } from "./shared/place.ts";
import { serveShared } from "./shared/serve.ts";
import { standBy } from "./shared/stand-by.ts";
import { abi } from "./sys/abi.ts";
import { sys } from "./sys/sys.ts";
import { runWorker, tieTo } from "./worker/worker.ts";
import { WORKER_ARGUMENT, workerDescriptors } from "./worker/workers.ts";

const HOST_FOLDER = "/run/cofferdam";

const words = process.argv.slice(2);
ignoreSignals(words[0] === SHARED_ARGUMENT);
// No process of a domain or of the same user may trace the mediator or read its memory.
sys("prctl", abi.PR_SET_DUMPABLE, 0);
sys("umask", 0);
process.chdir("/");

function main(mode = "own", place?: string, parent?: string): number {
  if (mode === SHARED_ARGUMENT) return serveShared(place ?? MEDIATOR_SOCKET);
  if (mode === "untold" || mode === "given-up" || mode === "refused")
    return tellLast(HOST_FOLDER, mode, MEDIATOR_SOCKET);
  if (mode === STAND_BY_ARGUMENT) return standBy(place ?? MEDIATOR_SOCKET, Number(parent));
  if (mode !== WORKER_ARGUMENT) return runOwn(place ?? HOST_FOLDER);
  tieTo(Number(parent));
  const handed = inheritedByWorker(workerDescriptors);
  const domain = new Domain(handed, new ProcessState(true, place ?? HOST_FOLDER));
  domain.succeed();
  runWorker(domain);
  domain.reporter.close();
  return 0;
}

// exit_group at once: Node's own clean-up would wait for open handles, and for a thread whose
// close(2) may never return.
sys("exit_group", main(...words));
