import { readFileSync, rmSync } from "node:fs";
import { join } from "node:path";
import { AF_UNIX, MSG_DONTWAIT, SOCK_CLOEXEC, SOCK_DGRAM } from "../../../src/kernel/constants.ts";
import { addressOf, close, cString, syscall, syscallRaw } from "../../../src/kernel/ffi.ts";
import { cmsghdr, iovec, msghdr, sockaddrUn } from "../../../src/kernel/structs.ts";
import { number } from "../../../src/kernel/syscalls.ts";
import { scratchFolder } from "../../support/scratch.ts";

/** A socket that takes what journald would take. */
export class JournalStandIn {
  readonly #folder = scratchFolder("journal");
  readonly path = join(this.#folder, "socket");
  readonly #fd = syscall("socket", AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);

  constructor() {
    const address = sockaddrUn.encode({ sun_family: AF_UNIX, sun_path: cString(this.path) });
    syscall("bind", this.#fd, address, 2 + this.path.length + 1);
  }

  /** Entries that are waiting, and how each came. */
  entries(): {
    readonly fields: ReadonlyMap<string, string>;
    readonly by: "datagram" | "memory";
    readonly seals: number;
  }[] {
    const found = [];
    for (let one = this.#receive(); one !== null; one = this.#receive()) found.push(one);
    return found;
  }

  remove(): void {
    close(this.#fd);
    rmSync(this.#folder, { recursive: true });
  }

  #receive() {
    const bytes = Buffer.alloc(300_000);
    const vector = iovec.encode({ iov_base: addressOf(bytes), iov_len: BigInt(bytes.length) });
    const control = Buffer.from(new ArrayBuffer(64));
    const header = msghdr.encode({
      msg_iov: addressOf(vector),
      msg_iovlen: 1n,
      msg_control: addressOf(control),
      msg_controllen: BigInt(control.length),
    });
    const got = syscallRaw(number("recvmsg") ?? -1, this.#fd, header, MSG_DONTWAIT);
    if (got < 0) return null;
    if (msghdr.decode(header).msg_controllen === 0n)
      return { fields: decodeEntry(bytes.subarray(0, got)), by: "datagram" as const, seals: 0 };
    const fd = control.readInt32LE(cmsghdr.size);
    const seals = syscall("fcntl", fd, F_GET_SEALS, 0);
    const text = readFileSync(`/proc/self/fd/${fd}`);
    close(fd);
    return { fields: decodeEntry(text), by: "memory" as const, seals };
  }
}

const F_GET_SEALS = 1034;

/** As journald's native protocol says, written apart from the sender. */
function decodeEntry(bytes: Buffer): ReadonlyMap<string, string> {
  const fields = new Map<string, string>();
  for (let at = 0; at < bytes.length; ) {
    const end = bytes.indexOf("\n", at);
    const line = bytes.toString("utf8", at, end);
    const equals = line.indexOf("=");
    if (equals >= 0) {
      fields.set(line.slice(0, equals), line.slice(equals + 1));
      at = end + 1;
    } else {
      const length = Number(bytes.readBigUInt64LE(end + 1));
      fields.set(line, bytes.toString("utf8", end + 9, end + 9 + length));
      at = end + 9 + length + 1;
    }
  }
  return fields;
}
