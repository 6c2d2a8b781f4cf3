import {
  AF_UNIX,
  EMSGSIZE,
  ENOBUFS,
  F_ADD_SEALS,
  F_SEAL_GROW,
  F_SEAL_SEAL,
  F_SEAL_SHRINK,
  F_SEAL_WRITE,
  MFD_ALLOW_SEALING,
  MFD_CLOEXEC,
  MSG_DONTWAIT,
  MSG_NOSIGNAL,
  SCM_RIGHTS,
  SOCK_CLOEXEC,
  SOCK_DGRAM,
  SOL_SOCKET,
} from "../../kernel/constants.ts";
import {
  addressOf,
  close,
  cString,
  ErrnoError,
  syscall,
  syscallRaw,
  write,
} from "../../kernel/ffi.ts";
import { cmsghdr, msghdr, sockaddrUn } from "../../kernel/structs.ts";
import { number } from "../../kernel/syscalls.ts";

export const JOURNAL_SOCKET = "/run/systemd/journal/socket";

const sendto = number("sendto") ?? -1;
const sendmsg = number("sendmsg") ?? -1;
const SEALS = F_SEAL_SEAL | F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_WRITE;

/** Never waits for journald. */
export class JournalSocket {
  readonly #address: Buffer;
  readonly #fd: number;

  constructor(path = JOURNAL_SOCKET) {
    this.#address = sockaddrUn
      .encode({ sun_family: AF_UNIX, sun_path: cString(path) })
      .subarray(0, 2 + Buffer.byteLength(path) + 1);
    this.#fd = syscall("socket", AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
  }

  /** @throws ErrnoError: ENOENT or ECONNREFUSED without journald, EAGAIN if it does not keep up */
  send(entry: Buffer): void {
    const flags = MSG_DONTWAIT | MSG_NOSIGNAL;
    const sent = syscallRaw(
      sendto,
      this.#fd,
      entry,
      entry.length,
      flags,
      this.#address,
      this.#address.length,
    );
    if (sent === -EMSGSIZE || sent === -ENOBUFS) this.#sendSealed(entry);
    else if (sent < 0) throw new ErrnoError("send to journald", -sent);
  }

  close(): void {
    close(this.#fd);
  }

  /**
   * An entry that is too long for a datagram goes as a sealed memory file, in an empty datagram.
   */
  #sendSealed(entry: Buffer): void {
    const memory = syscall(
      "memfd_create",
      cString("journal-entry"),
      MFD_CLOEXEC | MFD_ALLOW_SEALING,
    );
    try {
      for (let rest = entry; rest.length > 0; ) rest = rest.subarray(write(memory, rest));
      syscall("fcntl", memory, F_ADD_SEALS, SEALS);
      this.#sendDescriptor(memory);
    } finally {
      close(memory);
    }
  }

  #sendDescriptor(fd: number): void {
    // CMSG_SPACE(sizeof(int)): the descriptor is padded to eight bytes, CMSG_LEN counts four.
    const control = Buffer.concat([
      cmsghdr.encode({
        cmsg_len: BigInt(cmsghdr.size + 4),
        cmsg_level: SOL_SOCKET,
        cmsg_type: SCM_RIGHTS,
      }),
      Buffer.alloc(8),
    ]);
    control.writeInt32LE(fd, cmsghdr.size);
    const header = msghdr.encode({
      msg_name: addressOf(this.#address),
      msg_namelen: this.#address.length,
      msg_control: addressOf(control),
      msg_controllen: BigInt(control.length),
    });
    const sent = syscallRaw(sendmsg, this.#fd, header, MSG_DONTWAIT | MSG_NOSIGNAL);
    // Reading the lengths keeps both buffers alive until the kernel has read them.
    if (sent < 0 || control.length + this.#address.length === 0)
      throw new ErrnoError("send to journald", -sent);
  }
}
