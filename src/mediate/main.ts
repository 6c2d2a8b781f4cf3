/**
 * The mediator: answers the calls of domains that the kernel cannot decide by itself. Environment:
 * PATH alone. Its first argument says for whom:
 *
 *     mediator.js [own [FOLDER]]         one domain, of the holder that started it, with the descriptors of `plan/slots.ts`
 *     mediator.js untold | given-up | refused
 *                                        what the last mediator of a domain counted and did not
 *                                        write: for a holder that goes on without or has ended
 *     mediator.js shared [SOCKET]        every domain whose holder hands it over there (`shared/`)
 *     mediator.js stand-by SOCKET PARENT takes over from that one, which started it
 *     mediator.js worker FOLDER PARENT   what may wait, for another mediator (`worker/workers.ts`)
 *
 * The rooms beside this file, in the order in which a call meets them:
 *
 *     loop/     receives calls, schedules domains, keeps calls that wait; slots and takeover
 *     shared/   hands domains of many holders to one loop
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
 * FOLDER is where the host's table of domains lies. Exit status 0 when there is nothing left to do;
 * anything else makes a holder look for a successor.
 */

import { Domain } from "./domain/domain.ts";
import { inherited } from "./domain/handed.ts";
import { ProcessState } from "./domain/process-state.ts";
import { ignoreSignals } from "./loop/block-signals.ts";
import { runOwn, tellLast } from "./loop/single-run.ts";
import { MEDIATOR_SOCKET, SHARED_ARGUMENT, STAND_BY_ARGUMENT } from "./shared/place.ts";
import { serveShared } from "./shared/serve.ts";
import { standBy } from "./shared/stand-by.ts";
import { abi } from "./sys/abi.ts";
import { sys } from "./sys/sys.ts";
import { runWorker, tieTo } from "./worker/worker.ts";
import { WORKER_ARGUMENT } from "./worker/workers.ts";

const HOST_FOLDER = "/run/cofferdam";

ignoreSignals();
// Nothing of a domain, nor another process of the same user, may look into or attach to the one who
// decides.
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
  const domain = new Domain(inherited(), new ProcessState(true, place ?? HOST_FOLDER));
  domain.succeed();
  runWorker(domain);
  domain.reporter.close();
  return 0;
}

// Node's own clean-up would wait for whatever it has open, and for a thread that never comes back
// from close(2).
sys("exit_group", main(...process.argv.slice(2)));
