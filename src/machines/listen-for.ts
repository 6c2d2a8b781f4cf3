import { fstatSync } from "node:fs";
import type { Server } from "node:net";
import { HostError } from "../host/host-error.ts";
import { AT_EMPTY_PATH, O_CLOEXEC, O_NOFOLLOW, O_PATH } from "../kernel/constants.ts";
import { close, cString, open, syscall } from "../kernel/ffi.ts";

/** The owner of a socket. */
export interface Owner {
  readonly uid: number;
  readonly gid: number;
}

/** So that a socket is its owner's alone from its first moment. */
const UMASK_OWNERS_ALONE = 0o177;

/**
 * Listens at a path where nothing is yet, for its owner alone. `backlog`: as for listen(2). @throws
 * what the system says; HostError where something else has taken the socket's place
 */
export async function listenFor(
  server: Server,
  path: string,
  owner: Owner,
  backlog?: number,
): Promise<void> {
  await new Promise<void>((resolve, reject) => {
    server.once("error", reject);
    // The name is made before listen() returns; no other code of this process runs meanwhile, so
    // the umask affects only the socket.
    const before = process.umask(UMASK_OWNERS_ALONE);
    server.listen({ path, backlog }, resolve);
    process.umask(before);
  });
  giveAway(path, owner);
}

/**
 * A process that may write the folder may have put another object in the socket's place: ownership
 * is changed on an object that was checked, never on a name.
 */
function giveAway(path: string, { uid, gid }: Owner): void {
  const fd = open(path, O_PATH | O_NOFOLLOW | O_CLOEXEC);
  try {
    const found = fstatSync(fd);
    if (!found.isSocket() || found.uid !== process.geteuid?.() || found.nlink !== 1)
      throw new HostError(
        `${path} is no longer the socket that was made there`,
        "name one in a folder of root's",
      );
    syscall("fchownat", fd, cString(""), uid, gid, AT_EMPTY_PATH);
  } finally {
    close(fd);
  }
}
