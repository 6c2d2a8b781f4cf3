import { chmodSync, rmSync } from "node:fs";
import type { Server } from "node:net";
import { refuseDescriptors } from "../kernel/refuse-descriptors.ts";

/** Every process may connect: the peer's identity decides what it may do. */
const SOCKET_MODE = 0o666;

/**
 * Nothing that is sent along is ever wanted (SECURITY.md). On a path, in place of what another
 * agent left there, or on a descriptor that listens already. The caller holds the agent's lock.
 */
export async function listen(server: Server, where: string | number): Promise<void> {
  if (typeof where === "string") rmSync(where, { force: true });
  await new Promise<void>((resolve, reject) => {
    server.once("error", reject);
    server.listen(typeof where === "string" ? { path: where } : { fd: where }, () => {
      server.off("error", reject);
      resolve();
    });
  });
  // Node does not offer the descriptor of a server but by its handle.
  refuseDescriptors((server as unknown as { _handle: { fd: number } })._handle.fd);
  if (typeof where === "string") chmodSync(where, SOCKET_MODE);
}
