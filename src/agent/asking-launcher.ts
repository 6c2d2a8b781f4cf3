import type { SocketPeer } from "../kernel/peer.ts";
import { ApiError } from "./api/api-error.ts";
import { goneAlready } from "./api/refusals.ts";

/** A launcher that waits for what only the agent can do. */
export type AskingLauncher = Pick<SocketPeer, "pid" | "uid" | "isAlive">;

/**
 * What /proc tells of the launcher. It is read by the launcher's number, which was its own if it
 * lives afterwards; otherwise `drop` gives back what was opened. `what`: what it asks for.
 * @throws ApiError for another user's, who could have made the names that it sees
 */
export function readLauncher<T>(
  peer: AskingLauncher,
  what: "plans" | "programs" | "domains",
  read: (folder: string) => T,
  drop: (read: T) => void = () => undefined,
): T {
  if (peer.uid !== 0)
    throw new ApiError(403, `only root's launchers ask for ${what}`, "systemctl start the unit");
  const found = read(`/proc/${peer.pid}`);
  if (peer.isAlive()) return found;
  drop(found);
  throw goneAlready;
}
