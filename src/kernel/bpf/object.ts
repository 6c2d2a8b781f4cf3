import { BPF_TAG_SIZE } from "../constants.ts";
import { close, errno } from "../ffi.ts";
import { BpfError } from "./errors.ts";
import { programInfo } from "./info.ts";
import { libbpf, type Pointer } from "./libbpf.ts";

/**
 * Bytes of the verifier log that are kept per program, from its end (log_level 0: only after a
 * failure).
 */
const VERIFIER_LOG_BYTES = 1 << 20;

/**
 * A compiled BPF object file that is loaded step by step: open, size, load, fill, freeze; then its
 * programs are attached. Attached programs stay when the object is closed.
 */
export class BpfObject {
  readonly #object: Pointer;
  /** libbpf points into these until the object is closed. */
  readonly #bytes: Uint8Array;
  readonly #logs = new Map<string, Buffer>();

  constructor(bytes: Uint8Array) {
    this.#bytes = Uint8Array.from(bytes);
    const object: Pointer | null = libbpf().openObject(this.#bytes, this.#bytes.length, null);
    if (object === null) throw new BpfError("open the BPF object", errno());
    this.#object = object;
  }

  [Symbol.dispose](): void {
    libbpf().closeObject(this.#object);
  }

  setMaxEntries(map: string, entries: number): void {
    check(`size map ${map}`, libbpf().setMaxEntries(this.#map(map), entries));
  }

  /** `section`: a constant section such as `.rodata`; `bytes` as long as the section itself. */
  setInitialValue(section: string, bytes: Uint8Array): void {
    check(`set ${section}`, libbpf().setInitialValue(this.#map(section), bytes, bytes.length));
  }

  /** Uses the map open as `fd`, which must have the same form, instead of a new one. */
  reuse(map: string, fd: number): void {
    check(`reuse map ${map}`, libbpf().reuseMap(this.#map(map), fd));
  }

  /** For programs whose kind the kernel does not support. */
  skipProgram(program: string): void {
    check(`skip program ${program}`, libbpf().setAutoload(this.#program(program), false));
  }

  /** `programs` must be all that are not skipped. A refusal carries the verifier's message. */
  load(programs: readonly string[]): void {
    for (const name of programs) {
      const log = Buffer.alloc(VERIFIER_LOG_BYTES);
      this.#logs.set(name, log);
      check(`log of ${name}`, libbpf().setLogBuffer(this.#program(name), log, log.length));
    }
    const result: number = libbpf().loadObject(this.#object);
    if (result >= 0) return;
    const [failed, log] = [...this.#logs]
      .map(([name, bytes]) => [name, text(bytes)] as const)
      .find(([, log]) => log !== "") ?? ["", ""];
    throw new BpfError(
      failed === "" ? "load the BPF object" : `load program ${failed}`,
      -result,
      log,
    );
  }

  /** `keys` and `values` hold `count` entries each, one after the other. */
  update(map: string, keys: Uint8Array, values: Uint8Array, count: number): void {
    if (count === 0) return;
    const fd: number = libbpf().mapFd(this.#map(map));
    const done = [count];
    check(`fill map ${map}`, libbpf().updateBatch(fd, keys, values, done, null));
    if (done[0] !== count)
      throw new Error(`fill map ${map}: ${done[0]} of ${count} entries were taken`);
  }

  /** From here on user space cannot change the map (BPF_MAP_FREEZE, for the life of the map). */
  freeze(map: string): void {
    check(`freeze map ${map}`, libbpf().freezeMap(libbpf().mapFd(this.#map(map))));
  }

  /** Valid until the object is closed. */
  programFd(program: string): number {
    return check(`program ${program}`, libbpf().programFd(this.#program(program)));
  }

  /**
   * Attaches the `lsm` program to its hook and keeps it there by a link at `path`, on a bpffs,
   * beyond the life of this process.
   */
  attachPinned(program: string, path: string): void {
    const link: Pointer | null = libbpf().attachLsm(this.#program(program));
    if (link === null) throw new BpfError(`attach program ${program}`, errno());
    const pinned: number = libbpf().pinLink(link, path);
    libbpf().destroyLink(link);
    check(`pin program ${program}`, pinned);
  }

  mapFd(map: string): number {
    return check(`map ${map}`, libbpf().mapFd(this.#map(map)));
  }

  #map(name: string): Pointer {
    const map: Pointer | null = libbpf().findMap(this.#object, name);
    if (map === null) throw new BpfError(`find map ${name}`, errno());
    return map;
  }

  #program(name: string): Pointer {
    const program: Pointer | null = libbpf().findProgram(this.#object, name);
    if (program === null) throw new BpfError(`find program ${name}`, errno());
    return program;
  }
}

/**
 * The kernel's 8-byte digest of a loaded program's instructions, in hex, without descriptors and
 * map contents.
 */
export function programTag(fd: number): string {
  const info = Buffer.alloc(programInfo.bytes);
  check("ask for the program's tag", libbpf().programInfo(fd, info, [info.length]));
  return info.toString("hex", programInfo.tag, programInfo.tag + BPF_TAG_SIZE);
}

export function idOfProgram(fd: number): number {
  const info = Buffer.alloc(programInfo.bytes);
  check("ask for the program's id", libbpf().programInfo(fd, info, [info.length]));
  return info.readUInt32LE(programInfo.id);
}

/** Of any program of the host. */
export function openProgram(id: number): number {
  return check(`open program ${id}`, libbpf().programById(id));
}

/** Of any program of the host. */
export function programTagById(id: number): string {
  const fd = openProgram(id);
  try {
    return programTag(fd);
  } finally {
    close(fd);
  }
}

export function check(step: string, result: number): number {
  if (result < 0) throw new BpfError(step, -result);
  return result;
}

function text(log: Buffer): string {
  const end = log.indexOf(0);
  return log.toString("utf8", 0, end === -1 ? log.length : end);
}
