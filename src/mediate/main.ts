/**
 * The mediator: answers the calls of domains that the kernel cannot decide by itself. Environment:
 * PATH alone. Its first argument says for whom:
 *
 *     mediator.js [own [FOLDER]]         one domain, of the holder that started it, with the descriptors of `plan/slots.ts`
 *     mediator.js untold | given-up      what the last mediator of a domain counted and did not write: for the holder, which goes on without one or has ended
 *     mediator.js shared [SOCKET]        every domain whose holder hands it over there (`shared/`)
 *     mediator.js worker FOLDER PARENT   what may wait, for another mediator (`elsewhere.ts`)
 *
 * FOLDER is where the host's table of domains lies. Exit status 0 when there is nothing left to do;
 * anything else makes a holder look for a successor.
 */
import { abi } from "./abi.ts";
import { Domain } from "./domain.ts";
import { WORKER_ARGUMENT } from "./elsewhere.ts";
import { inherited } from "./handed.ts";
import { runOwn, tellLast } from "./own.ts";
import { ProcessState } from "./process-state.ts";
import { MEDIATOR_SOCKET, SHARED_ARGUMENT } from "./shared/place.ts";
import { serveShared } from "./shared/serve.ts";
import { ignoreSignals } from "./signals.ts";
import { sys } from "./sys.ts";
import { runWorker, tieTo } from "./worker.ts";

const HOST_FOLDER = "/run/cofferdam";

ignoreSignals();
// Nothing of a domain, nor another process of the same user, may look into or attach to the one who
// decides.
sys("prctl", abi.PR_SET_DUMPABLE, 0);
sys("umask", 0);
process.chdir("/");

function main(mode = "own", place?: string, parent?: string): number {
  if (mode === SHARED_ARGUMENT) return serveShared(place ?? MEDIATOR_SOCKET);
  if (mode === "untold" || mode === "given-up") return tellLast(HOST_FOLDER, mode === "given-up");
  if (mode !== WORKER_ARGUMENT) return runOwn(place ?? HOST_FOLDER);
  tieTo(Number(parent));
  const domain = new Domain(inherited(), new ProcessState(true, place ?? HOST_FOLDER));
  runWorker(domain);
  domain.reporter.close();
  return 0;
}

// Node's own clean-up would wait for whatever it has open.
process.exit(main(...process.argv.slice(2)));
