import { fstatSync } from "node:fs";
import type { Server } from "node:net";
import { HostError } from "../host/host-error.ts";
import { AT_EMPTY_PATH, O_CLOEXEC, O_NOFOLLOW, O_PATH } from "../kernel/constants.ts";
import { close, cString, open, syscall } from "../kernel/ffi.ts";

export interface Owner {
  readonly uid: number;
  readonly gid: number;
}

/** No other user can connect to the socket, from its first moment. */
const UMASK_OWNERS_ALONE = 0o177;

/**
 * Listens at an unused path; only the owner may connect. `backlog`: as for listen(2).
 * @throws the system's error; HostError if something else has taken the socket's place
 */
export async function listenFor(
  server: Server,
  path: string,
  owner: Owner,
  backlog?: number,
): Promise<void> {
  await new Promise<void>((resolve, reject) => {
    server.once("error", reject);
    // The socket appears before listen() returns. No other code of this process runs until then, so
    // the umask affects only the socket.
    const before = process.umask(UMASK_OWNERS_ALONE);
    server.listen({ path, backlog }, resolve);
    process.umask(before);
  });
  giveAway(path, owner);
}

/**
 * A process that may write to the folder could replace the socket by another object. So the owner
 * is changed through a descriptor whose object was checked, never through the name.
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
