import { readFileSync } from "node:fs";
import { offsetsOf, place } from "../../plan/layout.ts";
import { EXEC_FOUND_MAX, EXEC_SIZE, EXECS_OFFSET, heldExec } from "../../plan/slots.ts";
import type { JudgedProgram } from "../answer/outcome.ts";
import type { Bytes, Stat } from "../sys/sys.ts";
import type { Credentials } from "../target/credentials.ts";

/** A thread and its process, as the holder's pid namespace numbers them, and as /proc here does. */
export interface Numbers {
  readonly thread: number;
  readonly process: number;
  readonly listed: number;
}

const { size } = place(heldExec);
const AT = offsetsOf(heldExec);
/** Bytes of a word. */
const WORD = 4;
const IDENTITY = {
  program: {
    major: AT.programMajor,
    minor: AT.programMinor,
    inode: AT.programInode,
    born: AT.programBorn,
  },
  loader: {
    major: AT.loaderMajor,
    minor: AT.loaderMinor,
    inode: AT.loaderInode,
    born: AT.loaderBorn,
  },
};

/** What lies behind the slots about the execve in one of them (`plan/slots.ts`). */
export class HeldExec {
  readonly #bytes: Buffer;
  /** The same memory. */
  readonly #words: Uint32Array;

  constructor(memory: Uint8Array, index: number) {
    const offset = memory.byteOffset + EXECS_OFFSET + index * EXEC_SIZE;
    this.#bytes = Buffer.from(memory.buffer, offset, EXEC_SIZE);
    this.#words = new Uint32Array(memory.buffer, offset, EXEC_SIZE / WORD);
  }

  /** By whoever judged it. */
  judged({ program, loader }: JudgedProgram): void {
    for (let word = 0; word < size / WORD; word++) this.#words[word] = 0;
    this.#identity(IDENTITY.program, program);
    if (loader !== null) this.#identity(IDENTITY.loader, loader);
  }

  /** By who gives it to the holder, before the slot says so, and looks what came of it. */
  asks(numbers: Numbers, holder: number): void {
    this.#words[AT.thread / WORD] = numbers.thread;
    this.#words[AT.process / WORD] = numbers.process;
    this.#words[AT.listed / WORD] = numbers.listed;
    this.#words[AT.holder / WORD] = holder;
    this.#words[AT.looks / WORD] = 1;
  }

  /**
   * From now on the holder rings when the execution is over. It may have been over just before: the
   * caller looks once more afterwards.
   */
  awaitsBell(): void {
    Atomics.store(this.#words, AT.looks / WORD, 0);
  }

  /** One of `execOutcome`. */
  get outcome(): number {
    return this.#words[AT.outcome / WORD] ?? 0;
  }

  /** Why it cannot be traced. */
  get errno(): number {
    return this.#bytes.readUInt32LE(AT.error);
  }

  /** The name of another program than the one that was judged. */
  get found(): Bytes {
    const length = Math.min(this.#bytes.readUInt32LE(AT.foundBytes), EXEC_FOUND_MAX);
    return this.#bytes.toString("latin1", size, size + length);
  }

  #identity(at: (typeof IDENTITY)["program"], { device, inode, born }: Stat): void {
    this.#words[at.major / WORD] = Math.floor(device / 2 ** 32);
    this.#words[at.minor / WORD] = device % 2 ** 32;
    this.#words[at.inode / WORD] = inode.low;
    this.#words[at.inode / WORD + 1] = inode.high;
    const nanoseconds = BigInt(born.seconds) * 1_000_000_000n + BigInt(born.nanoseconds);
    this.#bytes.writeBigInt64LE(nanoseconds, at.born);
  }
}

/**
 * How the holder, `depth` pid namespaces further in, knows a thread; null for one that is gone, or
 * that it does not see.
 */
export function numbersOf(tid: number, depth: number): Numbers | null {
  let status: string;
  try {
    status = readFileSync(`/proc/${tid}/status`, "latin1");
  } catch {
    return null;
  }
  return numbersAt(depth, { process: numbers(status, "NStgid"), thread: numbers(status, "NSpid") });
}

/** The same of a thread whose numbers are known; null where the holder does not see it. */
export function numbersAt(
  depth: number,
  { process, thread }: Credentials["numbers"],
): Numbers | null {
  const [inside, asking, listed] = [process[depth], thread[depth], process[0]];
  return inside === undefined || asking === undefined || listed === undefined
    ? null
    : { process: inside, thread: asking, listed };
}

/** Pid namespaces from this process's /proc to that of a process; null for one that is gone. */
export function depthOf(pid: number): number | null {
  try {
    return numbers(readFileSync(`/proc/${pid}/status`, "latin1"), "NSpid").length - 1;
  } catch {
    return null;
  }
}

/**
 * The numbers of one line of a status (proc_pid_status(5)). The kernel escapes control characters
 * in a thread's name, so that no thread forges a line.
 */
function numbers(status: string, name: string): readonly number[] {
  const line = new RegExp(`^${name}:\t(.*)$`, "m").exec(status)?.[1] ?? "";
  return line.split("\t").filter(Boolean).map(Number);
}
