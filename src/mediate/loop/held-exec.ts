import { readFileSync } from "node:fs";
import { offsetsOf, place } from "../../plan/layout.ts";
import { EXEC_FOUND_MAX, EXEC_SIZE, EXECS_OFFSET, heldExec } from "../../plan/slots.ts";
import type { JudgedProgram } from "../answer/outcome.ts";
import { type Bytes, type Stat, splitDevice } from "../sys/sys.ts";
import type { Credentials } from "../target/credentials.ts";

/**
 * Of one caller: `thread` and `process` in the holder's pid namespace, `listed` in this process's
 * /proc.
 */
export interface Numbers {
  readonly thread: number;
  readonly process: number;
  readonly listed: number;
}

const { size } = place(heldExec);
const AT = offsetsOf(heldExec);
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

/** The record of one execve, shared with the holder (`plan/slots.ts`). */
export class HeldExec {
  readonly #bytes: Buffer;
  readonly #words: Uint32Array;

  constructor(memory: Uint8Array, index: number) {
    const offset = memory.byteOffset + EXECS_OFFSET + index * EXEC_SIZE;
    this.#bytes = Buffer.from(memory.buffer, offset, EXEC_SIZE);
    this.#words = new Uint32Array(memory.buffer, offset, EXEC_SIZE / WORD);
  }

  /** Called by the mediator or worker that judged the program. */
  judged({ program, loader }: JudgedProgram): void {
    for (let word = 0; word < size / WORD; word++) this.#words[word] = 0;
    this.#identity(IDENTITY.program, program);
    if (loader !== null) this.#identity(IDENTITY.loader, loader);
  }

  /**
   * Called before the slot is marked as held: names the caller, and says that the mediator will
   * look for the outcome.
   */
  asks(numbers: Numbers, holder: number): void {
    this.#words[AT.thread / WORD] = numbers.thread;
    this.#words[AT.process / WORD] = numbers.process;
    this.#words[AT.listed / WORD] = numbers.listed;
    this.#words[AT.holder / WORD] = holder;
    this.#words[AT.looks / WORD] = 1;
  }

  /**
   * Makes the holder ring when the execution is over. It may already be over, so the caller must
   * look at the outcome once more.
   */
  awaitsBell(): void {
    Atomics.store(this.#words, AT.looks / WORD, 0);
  }

  /** One of `execOutcome`. */
  get outcome(): number {
    return this.#words[AT.outcome / WORD] ?? 0;
  }

  get errno(): number {
    return this.#bytes.readUInt32LE(AT.error);
  }

  /** The name of the program that was executed instead of the judged one. */
  get found(): Bytes {
    const length = Math.min(this.#bytes.readUInt32LE(AT.foundBytes), EXEC_FOUND_MAX);
    return this.#bytes.toString("latin1", size, size + length);
  }

  #identity(at: (typeof IDENTITY)["program"], { device, inode, born }: Stat): void {
    const [major, minor] = splitDevice(device);
    this.#words[at.major / WORD] = major;
    this.#words[at.minor / WORD] = minor;
    this.#words[at.inode / WORD] = inode.low;
    this.#words[at.inode / WORD + 1] = inode.high;
    const nanoseconds = BigInt(born.seconds) * 1_000_000_000n + BigInt(born.nanoseconds);
    this.#bytes.writeBigInt64LE(nanoseconds, at.born);
  }
}

/**
 * The numbers by which the holder, `depth` pid namespaces below this process's /proc, knows a
 * thread; null for a thread that is gone or outside the holder's namespace.
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

/** {@link numbersOf} for a thread whose numbers are known already. */
export function numbersAt(
  depth: number,
  { process, thread }: Credentials["numbers"],
): Numbers | null {
  const [inside, asking, listed] = [process[depth], thread[depth], process[0]];
  return inside === undefined || asking === undefined || listed === undefined
    ? null
    : { process: inside, thread: asking, listed };
}

/** null for a process that is gone. */
export function depthOf(pid: number): number | null {
  try {
    return numbers(readFileSync(`/proc/${pid}/status`, "latin1"), "NSpid").length - 1;
  } catch {
    return null;
  }
}

/**
 * Reads the numbers in one line of a status file (proc_pid_status(5)). A thread cannot forge a line
 * by its name: the kernel escapes control characters there.
 */
function numbers(status: string, name: string): readonly number[] {
  const line = new RegExp(`^${name}:\t(.*)$`, "m").exec(status)?.[1] ?? "";
  return line.split("\t").filter(Boolean).map(Number);
}
