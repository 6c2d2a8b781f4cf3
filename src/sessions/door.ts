import { cString, syscall } from "../kernel/ffi.ts";
import { type Counted, type ShutOut, shutOut } from "./room.ts";

const ATTRIBUTE = "system.posix_acl_access";
/** `linux/posix_acl_xattr.h`: a version, then entries of tag, permissions and id. */
const VERSION = 2;
const ENTRY_BYTES = 8;
const HEADER_BYTES = 4;
const tag = { userObject: 0x01, user: 0x02, groupObject: 0x04, mask: 0x10, other: 0x20 } as const;
const NO_ID = 0xffff_ffff;
const READ_WRITE = 6;

/**
 * Keeps users with too many stuck processes from connecting, by an access list (acl(5)) on the
 * sockets. The kernel refuses their connections, so none of these costs a further process here. On
 * a file system without access lists, these users can still connect, and the log says so.
 */
export class Door {
  readonly #sockets: readonly string[];
  readonly #log: (text: string) => void;
  #keptOut = "";

  constructor(sockets: readonly string[], log: (text: string) => void) {
    this.#sockets = sockets;
    this.#log = log;
  }

  look(present: Iterable<Counted>): void {
    const out = shutOut(present);
    const who = out === "everybody" ? "all but root" : [...out].join(", ");
    if (who === this.#keptOut) return;
    this.#keptOut = who;
    this.#log(
      who === ""
        ? "all users may connect again"
        : `users kept out, because their attendants do not exit: ${who}`,
    );
    const list = accessList(out);
    try {
      for (const path of this.#sockets)
        syscall("setxattr", cString(path), cString(ATTRIBUTE), list, list.length, 0);
    } catch (error) {
      this.#log(`no user can be kept out: ${error}`);
    }
  }
}

function accessList(out: ShutOut): Buffer {
  const others = out === "everybody" ? 0 : READ_WRITE;
  const users = out === "everybody" ? [] : [...out].sort((a, b) => a - b);
  const entries = [
    [tag.userObject, READ_WRITE, NO_ID],
    ...users.map((user) => [tag.user, 0, user]),
    [tag.groupObject, others, NO_ID],
    ...(users.length > 0 ? [[tag.mask, READ_WRITE, NO_ID]] : []),
    [tag.other, others, NO_ID],
  ];
  const bytes = Buffer.alloc(HEADER_BYTES + ENTRY_BYTES * entries.length);
  bytes.writeUInt32LE(VERSION, 0);
  for (const [at, [kind = 0, permissions = 0, id = NO_ID]] of entries.entries()) {
    const offset = HEADER_BYTES + ENTRY_BYTES * at;
    bytes.writeUInt16LE(kind, offset);
    bytes.writeUInt16LE(permissions, offset + 2);
    bytes.writeUInt32LE(id, offset + 4);
  }
  return bytes;
}
