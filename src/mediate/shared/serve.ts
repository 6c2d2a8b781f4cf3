/**
 * The host's one mediator. Holders of root's domains hand their listeners over (`hand-over.ts`),
 * each is served in turn, and forgotten when its last process is gone. It outlives the agent that
 * started it: a session of its own, every signal held back. A stand-by (`stand-by.ts`) takes over
 * when a domain keeps it waiting, and when it dies.
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

/**
 * Serves until it is killed or retired; returns at once, with exit status 0, where another process
 * holds the lock.
 */
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
