/**
 * The host's shared mediator. The holders of root's domains hand their listeners over
 * (`hand-over.ts`). Each domain is served in turn and dropped after its last process exits. The
 * mediator outlives the agent that started it: it has a session of its own and blocks every signal.
 * A stand-by (`stand-by.ts`) takes over when a domain blocks it, and when it dies.
 */

import { mkdirSync } from "node:fs";
import { dirname } from "node:path";
import { PUBLIC_FOLDER } from "../../base/modes.ts";
import { lockFile } from "../../kernel/file-lock.ts";
import { growDescriptorTable } from "../domain/descriptor-budget.ts";
import { ProcessState } from "../domain/process-state.ts";
import { goAhead } from "../sys/precedence.ts";
import { Active, listenOn } from "./active.ts";
import { lockOf } from "./place.ts";
import { Retirements, retirementsBeside } from "./retirements.ts";

/**
 * Returns 0 at once if another process holds the lock; otherwise serves until it is killed or
 * retired.
 */
export function serveShared(socket: string): number {
  goAhead();
  mkdirSync(dirname(socket), { recursive: true, mode: PUBLIC_FOLDER });
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
