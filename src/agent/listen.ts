import { chmodSync, rmSync } from "node:fs";
import type { Server } from "node:net";
import { SHARED_FILE } from "../base/modes.ts";
import { refuseDescriptors } from "../kernel/refuse-descriptors.ts";

/** Every process may connect: the peer's identity decides what it may do. */
const SOCKET_MODE = SHARED_FILE;

/**
 * Listens at a path, replacing the socket of an earlier agent, or on a descriptor that listens
 * already. Refuses descriptors that peers send (SECURITY.md). The caller holds the agent's lock.
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
  // Node gives access to a server's descriptor only by its handle.
  refuseDescriptors((server as unknown as { _handle: { fd: number } })._handle.fd);
  if (typeof where === "string") chmodSync(where, SOCKET_MODE);
}
