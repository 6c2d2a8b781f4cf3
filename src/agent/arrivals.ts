import type { LsmEngine } from "../kernel/bpf/lsm/engine.ts";
import type { Level } from "../model/level.ts";
import { ApiError } from "./api/api-error.ts";
import { goneAlready } from "./api/refusals.ts";
import { type AskingLauncher, readLauncher } from "./asking-launcher.ts";

/** A launcher that has its plan, and is about to execute the command. */
export interface Arriving {
  readonly peer: AskingLauncher;
  /** Of its plan: what it leaves its process for good depends on it. */
  readonly level: Level;
}

/**
 * Has the next execve of a waiting launcher lead into a domain, whatever it executes. Only root's,
 * which may start anything outside every domain. `inForce`: the domain's level now.
 * @throws ApiError for a launcher that is in a domain, or whose plan is of another level
 */
export function leadInto(
  engine: LsmEngine,
  { name, number }: { readonly name: string; readonly number: number },
  inForce: Level,
  { peer, level }: Arriving,
): void {
  const before = readLauncher(peer, "domains", () => engine.labels.domainOf(peer.pid));
  if (before === null) throw goneAlready;
  if (before !== 0)
    throw new ApiError(
      403,
      `process ${peer.pid} is in a domain`,
      "start it from outside every domain",
    );
  if (level !== inForce)
    throw new ApiError(
      409,
      `the level of ${name} became ${inForce} while the start was prepared`,
      "start it again",
    );
  const launched = level === "enforcing" ? "filtered" : "bare";
  const isThere = engine.labels.announce(peer.pid, { domain: number, launched }, () =>
    peer.isAlive(),
  );
  if (!isThere) throw goneAlready;
}
