/**
 * The host's shared mediator. The holders of root's domains hand their listeners over
 * (`hand-over.ts`). Each domain is served in turn and dropped after its last process exits. The
 * mediator outlives the agent that started it: it has a session of its own and blocks every signal.
 * A stand-by (`stand-by.ts`) takes over when a domain blocks it, and when it dies.
 */

import { mkdirSync } from "node:fs";
import { dirname } from "node:path";
import { lockFile } from "../../kernel/file-lock.ts";
import { growDescriptorTable } from "../domain/descriptor-budget.ts";
import { ProcessState } from "../domain/process-state.ts";
import { goAhead } from "../sys/precedence.ts";
import { Active, listenOn } from "./active.ts";
import { lockOf } from "./place.ts";
import { Retirements, retirementsBeside } from "./retirements.ts";

/** Serves until it is killed or retired. Returns 0 at once where another process holds the lock. */
export function serveShared(socket: string): number {
  goAhead();
  mkdirSync(dirname(socket), { recursive: true, mode: 0o755 });
  const lock = lockFile(lockOf(socket));
  if (lock === null) return 0;
  lock.noteOwner();
  const seat = { socket, listening: listenOn(socket), lock };
  new Active(seat, sharedState(socket), new Retirements(retirementsBeside(socket))).run();
  return 0;
}

export function sharedState(socket: string): ProcessState {
  growDescriptorTable();
  return new ProcessState(false, dirname(socket), true);
}
