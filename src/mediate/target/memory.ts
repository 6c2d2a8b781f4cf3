import { ESRCH } from "../../kernel/constants.ts";
import { addressOf } from "../../kernel/ffi.ts";
import { quick } from "../../kernel/quick.ts";
import { iovec } from "../../kernel/structs.ts";
import { cannot, error } from "../answer/outcome.ts";
import { Settled } from "../answer/settled.ts";
import { abi, E } from "../sys/abi.ts";
import type { Bytes } from "../sys/sys.ts";

const PAGE = 4096;
const PAGE_MASK = PAGE - 1;
const WORD_VALUES = 2 ** 32;
/** Bytes that are read first of a string: nearly all strings are shorter. */
const SHORT = 256;
const page = Buffer.alloc(PAGE);
/** The string that {@link copyString} copied last, with its NUL if it has one. */
export const copied = Buffer.alloc(abi.PATH_MAX);
/** The vectors of process_vm_readv(2): one stretch in this process, one in the target. */
const here = new Uint32Array(iovec.size / 4);
const there = new Uint32Array(iovec.size / 4);
const [hereBytes, thereBytes] = [here, there].map((words) => Buffer.from(words.buffer)) as [
  Buffer,
  Buffer,
];
const pageAddress = Number(addressOf(page));
const copiedAddress = Number(addressOf(copied));

/**
 * The memory is unmapped, unreadable for the target itself, or memfd_secret, or the target is gone.
 */
export const UNREADABLE = cannot(E.FAULT, "unreadable argument");

/**
 * Reads arguments from a stopped thread's memory with process_vm_readv(2), which waits for a page
 * of a FUSE file without the target's mmap_lock. A read of /proc/TID/mem would hold that lock
 * meanwhile, and block every `ps` of the host that looks at the process.
 *
 * process_vm_readv goes by the thread's number, which another thread may have once the target has
 * been killed. So `check` asks after each read whether the notification still waits, and bytes of
 * another process never leave this class. Decisions and actions both use the copy, whatever the
 * target does to the original.
 */
export class Memory {
  readonly #tid: number;
  readonly #check: () => void;
  /** Nearly all calls have only one string. */
  #first: { readonly address: bigint; readonly text: Bytes } | null = null;
  #others: Map<bigint, Bytes> | null = null;

  /** `check` settles the call when the thread no longer waits for the answer. */
  constructor(tid: number, check: () => void) {
    this.#tid = tid;
    this.#check = check;
  }

  /** Reads exactly `length` bytes, or settles the call as {@link UNREADABLE}. */
  read(address: bigint, length: number): Buffer {
    if (length <= PAGE) {
      this.#fill(pageAddress, place(address), length);
      return Buffer.from(page.subarray(0, length));
    }
    const bytes = Buffer.from(new ArrayBuffer(length));
    this.#fill(Number(addressOf(bytes)), place(address), length);
    return bytes;
  }

  /**
   * Reads a C string, without its NUL. It is read once: later calls return the same text, whatever
   * the target has written there. Without a NUL in `max` bytes the call gets ENAMETOOLONG.
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

  #read(address: bigint, max: number): Bytes {
    const at = place(address);
    const length = copyString(this.#tid, at >>> 0, Math.floor(at / WORD_VALUES), max);
    if (length === -ESRCH) this.#check();
    if (length < 0) throw new Settled(UNREADABLE);
    this.#check();
    if (length === max) throw new Settled(error(E.NAMETOOLONG));
    return copied.toString("latin1", 0, length);
  }

  /**
   * Writes results to the address that the target gave. The target could write there itself, so it
   * gains nothing. Settles the call as {@link UNREADABLE} on failure.
   */
  write(address: bigint, bytes: Uint8Array): void {
    this.#check();
    describe(here, Number(addressOf(bytes)), bytes.length);
    describe(there, place(address), bytes.length);
    const written = quick.processVmWritev(this.#tid, hereBytes, thereBytes);
    this.#check();
    if (written !== bytes.length) throw new Settled(UNREADABLE);
  }

  /** `into`: an address in this process. */
  #fill(into: number, address: number, length: number): void {
    for (let done = 0; done < length; ) {
      describe(here, into + done, length - done);
      describe(there, address + done, length - done);
      const got = quick.processVmReadv(this.#tid, hereBytes, thereBytes);
      if (got <= 0) {
        if (got === -ESRCH) this.#check();
        throw new Settled(UNREADABLE);
      }
      done += got;
    }
    this.#check();
  }
}

/**
 * Copies the C string at an address, given as two halves, to {@link copied}. Returns its length
 * without the NUL, `max` if the first `max` bytes hold none, or a negated error number. Reads page
 * by page, so that a string at the end of a mapping can be read. The caller must check afterwards
 * that the thread still waits: another thread may have its number by now.
 */
export function copyString(tid: number, low: number, high: number, max: number): number {
  for (let length = 0; length < max; ) {
    const start = low + length;
    const rest = PAGE - (start & PAGE_MASK);
    describe(
      here,
      copiedAddress + length,
      Math.min(rest, length === 0 ? SHORT : PAGE, max - length),
    );
    there[BASE] = start;
    there[BASE + 1] = start < WORD_VALUES ? high : high + 1;
    there[LENGTH] = here[LENGTH] ?? 0;
    const got = quick.processVmReadv(tid, hereBytes, thereBytes);
    if (got <= 0) return got < 0 ? got : -E.FAULT;
    for (const end = length + got; length < end; length++) if (copied[length] === 0) return length;
  }
  return max;
}

/** Addresses of user space are exact as a JavaScript number. */
function describe(vector: Uint32Array, address: number, length: number): void {
  vector[BASE] = address;
  vector[BASE + 1] = address / 2 ** 32;
  vector[LENGTH] = length;
}

const BASE = iovec.offset.iov_base / 4;
const LENGTH = iovec.offset.iov_len / 4;

/**
 * User-space addresses have at most 56 bits, exact as a number. Higher addresses are unreadable.
 */
function place(address: bigint): number {
  if (address > BigInt(Number.MAX_SAFE_INTEGER)) throw new Settled(UNREADABLE);
  return Number(address);
}
