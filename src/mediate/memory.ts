import { abi } from "./abi.ts";
import { type Bytes, c, close, sys } from "./sys.ts";

const PAGE = 4096n;

/** The target's memory could not be read: unmapped, memfd_secret, userfaultfd, or the target is gone. A refusal, never a guess. */
export class Unreadable extends Error {}

/** No NUL within PATH_MAX bytes. */
export class TooLong extends Error {}

/**
 * Reads arguments out of a stopped thread's memory through /proc/TID/mem. process_vm_readv would hang for ever on a page registered with userfaultfd;
 * this gives EIO there. What is read here is a copy: decisions and actions both use the copy, the target may change its own as it likes.
 */
export class Memory {
  readonly #fd: number;

  constructor(tid: number) {
    this.#fd = sys("openat", abi.AT_FDCWD, c(`/proc/${tid}/mem`), abi.O_CLOEXEC);
    if (this.#fd < 0) throw new Unreadable(`/proc/${tid}/mem: error ${-this.#fd}`);
  }

  close(): void {
    close(this.#fd);
  }

  /** Exactly `length` bytes. Throws {@link Unreadable}. */
  read(address: bigint, length: number): Buffer {
    const bytes = Buffer.alloc(length);
    let done = 0;
    while (done < length) {
      const got = sys("pread64", this.#fd, bytes.subarray(done), length - done, address + BigInt(done));
      if (got <= 0) throw new Unreadable(`address 0x${address.toString(16)}`);
      done += got;
    }
    return bytes;
  }

  /** A C string without its NUL, read page by page so that a string at the end of a mapping can be read. */
  string(address: bigint, max: number = abi.PATH_MAX): Bytes {
    let text = "";
    while (text.length < max) {
      const at = address + BigInt(text.length);
      const chunk = this.read(at, Math.min(Number(PAGE - (at % PAGE)), max - text.length));
      const end = chunk.indexOf(0);
      if (end >= 0) return text + chunk.toString("latin1", 0, end);
      text += chunk.toString("latin1");
    }
    throw new TooLong();
  }

  /** Writes results where the target asked for them. Its own memory, so nothing is gained; throws {@link Unreadable}. */
  static write(tid: number, address: bigint, bytes: Uint8Array): void {
    const fd = sys("openat", abi.AT_FDCWD, c(`/proc/${tid}/mem`), abi.O_WRONLY | abi.O_CLOEXEC);
    if (fd < 0) throw new Unreadable(`/proc/${tid}/mem: error ${-fd}`);
    const written = sys("pwrite64", fd, bytes, bytes.length, address);
    close(fd);
    if (written !== bytes.length) throw new Unreadable(`address 0x${address.toString(16)}`);
  }
}
