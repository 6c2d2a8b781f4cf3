import { quick } from "../../kernel/quick.ts";
import { abi } from "../sys/abi.ts";
import { type Bytes, close, sys } from "../sys/sys.ts";
import type { Thread } from "./threads.ts";

const PAGE = 4096;
/** Bytes that are read first of a string, since nearly all are shorter. */
const SHORT = 256;
/** Where strings are read to before they are copied out. */
const page = Buffer.alloc(PAGE);

/**
 * The target's memory could not be read: unmapped, memfd_secret, userfaultfd, or the target is
 * gone. A refusal, never a guess.
 */
export class Unreadable extends Error {}

type Kept = Pick<Thread, "memory" | "isExact">;

/** No NUL within PATH_MAX bytes. */
export class TooLong extends Error {}

/**
 * Reads arguments out of a stopped thread's memory through /proc/TID/mem. process_vm_readv would
 * hang for ever on a page registered with userfaultfd; this gives EIO there. What is read here is a
 * copy: decisions and actions both use the copy, the target may change its own as it likes.
 */
export class Memory {
  readonly #open: (access: number) => number;
  readonly #keeper: (() => Kept) | null;
  readonly #exact: boolean;
  #fd: number;
  /** The first string that was asked for, and the others: nearly all calls have one. */
  #first: { readonly address: bigint; readonly text: Bytes } | null = null;
  #others: Map<bigint, Bytes> | null = null;

  /**
   * `open`: of the thread's /proc/TID/mem; a negated error number where that fails. `keeper`: whose
   * the descriptor stays for the next call. `exact`: one that was kept by who only looked is not
   * good enough.
   */
  constructor(open: (access: number) => number, keeper: (() => Kept) | null = null, exact = false) {
    this.#open = open;
    this.#keeper = keeper;
    this.#exact = exact;
    const kept = keeper?.() ?? null;
    this.#fd =
      kept !== null && kept.memory >= 0 && (kept.isExact || !exact) ? kept.memory : this.#renewed();
  }

  close(): void {
    if (this.#keeper === null) close(this.#fd);
  }

  #renewed(): number {
    const fd = this.#opened(0);
    // After the opening, which may find that the number is another thread's by now.
    const keeper = this.#keeper?.();
    if (keeper === undefined) return fd;
    if (keeper.memory >= 0) close(keeper.memory);
    keeper.memory = fd;
    keeper.isExact = this.#exact;
    return fd;
  }

  /** Exactly `length` bytes. Throws {@link Unreadable}. */
  read(address: bigint, length: number): Buffer {
    const bytes = Buffer.alloc(length);
    this.#fill(bytes, place(address), length);
    return bytes;
  }

  /**
   * A C string without its NUL, read once: asked again it is the same, whatever the target has made
   * of it.
   */
  string(address: bigint, max: number = abi.PATH_MAX): Bytes {
    if (this.#first?.address === address) return this.#first.text;
    const known = this.#others?.get(address);
    if (known !== undefined) return known;
    const text = this.#read(address, max);
    if (this.#first === null) this.#first = { address, text };
    else this.#others = (this.#others ?? new Map<bigint, Bytes>()).set(address, text);
    return text;
  }

  /** Read page by page so that a string at the end of a mapping can be read. */
  #read(address: bigint, max: number): Bytes {
    const start = place(address);
    let text = "";
    while (text.length < max) {
      const at = start + text.length;
      const length = Math.min(
        PAGE - (at % PAGE),
        text.length === 0 ? SHORT : PAGE,
        max - text.length,
      );
      this.#fill(page, at, length);
      const end = endIn(length);
      if (end >= 0) return text + page.toString("latin1", 0, end);
      text += page.toString("latin1", 0, length);
    }
    throw new TooLong();
  }

  /**
   * Writes results where the target asked for them. Its own memory, so nothing is gained; throws
   * {@link Unreadable}.
   */
  write(address: bigint, bytes: Uint8Array): void {
    const fd = this.#opened(abi.O_WRONLY);
    const written = sys("pwrite64", fd, bytes, bytes.length, place(address));
    close(fd);
    if (written !== bytes.length) throw new Unreadable(`address 0x${address.toString(16)}`);
  }

  #opened(access: number): number {
    const fd = this.#open(access);
    if (fd < 0) throw new Unreadable(`mem: error ${-fd}`);
    return fd;
  }

  #fill(into: Buffer, address: number, length: number): void {
    let renewed = this.#keeper === null;
    for (let done = 0; done < length; ) {
      const rest = done === 0 ? into : into.subarray(done);
      const got = quick.pread(this.#fd, rest, length - done, address + done);
      if (got <= 0 && !renewed) {
        // Memory that is nobody's any more reads as empty: the thread may have another one by now.
        this.#fd = this.#renewed();
        renewed = true;
        continue;
      }
      if (got <= 0) throw new Unreadable(`address 0x${address.toString(16)}`);
      done += got;
    }
  }
}

/** Of a string in {@link page}: most are short, and a native search costs more than looking. */
function endIn(length: number): number {
  for (let i = 0; i < length; i++) if (page[i] === 0) return i;
  return -1;
}

/** Addresses of processes have at most 56 bits, exact as a number; nothing lies elsewhere. */
function place(address: bigint): number {
  if (address > BigInt(Number.MAX_SAFE_INTEGER))
    throw new Unreadable(`address 0x${address.toString(16)}`);
  return Number(address);
}
