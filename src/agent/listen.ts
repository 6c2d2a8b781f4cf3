import { chmodSync, rmSync } from "node:fs";
import type { Server } from "node:net";

/** Everybody may connect: the peer decides what it may do. */
const SOCKET_MODE = 0o666;

/** On a path, in place of what another agent left there, or on a descriptor that listens already. The caller holds the agent's lock. */
export async function listen(server: Server, where: string | number): Promise<void> {
  if (typeof where === "string") rmSync(where, { force: true });
  await new Promise<void>((resolve, reject) => {
    server.once("error", reject);
    server.listen(typeof where === "string" ? { path: where } : { fd: where }, () => {
      server.off("error", reject);
      resolve();
    });
  });
  if (typeof where === "string") chmodSync(where, SOCKET_MODE);
}
