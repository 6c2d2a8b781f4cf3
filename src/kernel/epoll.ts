import { EINTR, EPOLL_CLOEXEC, EPOLL_CTL_ADD, EPOLL_CTL_DEL, EPOLL_CTL_MOD } from "./constants.ts";
import { syscallRaw } from "./ffi.ts";
import { quick } from "./quick.ts";
import { number as syscallNumber } from "./syscalls.ts";

const EPOLL_CREATE1 = syscallNumber("epoll_create1") ?? 0;
const EPOLL_CTL = syscallNumber("epoll_ctl") ?? 0;

/** `events` are EPOLL* bits. */
export interface Source {
  ready(events: number): void;
}

interface Watched {
  readonly fd: number;
  readonly source: Source;
}

/**
 * struct epoll_event is packed on x86_64 (epoll_ctl(2)): u32 events, u64 data. It is read as words,
 * because a mediator reads one per call and the bounds check of `readUInt32LE` would be noticeable.
 */
const EVENT_BYTES = 12;
const EVENT_WORDS = EVENT_BYTES / 4;
/**
 * Ready descriptors that are served before the kernel is asked again. The kernel then returns the
 * others first.
 */
const READY_MAX = 1_024;

/**
 * Each descriptor is watched under a number that is never reused, so that a late report about a
 * removed one is ignored.
 */
export class Epoll {
  /** Readable when one of the descriptors is ready. */
  readonly fd: number;
  readonly #watched = new Map<number, Watched>();
  readonly #ready = new Uint32Array(EVENT_WORDS * READY_MAX);
  readonly #event = Buffer.alloc(EVENT_BYTES);
  #last = 0;

  constructor() {
    this.fd = syscallRaw(EPOLL_CREATE1, EPOLL_CLOEXEC);
    if (this.fd < 0) throw new Error(`no epoll: error ${-this.fd}`);
  }

  /**
   * Returns the number for {@link remove}, or a negated error number. Call remove before `fd` is
   * closed: the kernel watches the open file, which other descriptors may share.
   */
  add(fd: number, events: number, source: Source): number {
    const number = this.#last + 1;
    const failed = this.#control(EPOLL_CTL_ADD, fd, events, number);
    if (failed < 0) return failed;
    this.#last = number;
    this.#watched.set(number, { fd, source });
    return number;
  }

  /** Hang-ups are always reported. */
  change(number: number, events: number): void {
    const watched = this.#watched.get(number);
    if (watched !== undefined) this.#control(EPOLL_CTL_MOD, watched.fd, events, number);
  }

  remove(number: number): void {
    const watched = this.#watched.get(number);
    if (watched === undefined) return;
    this.#watched.delete(number);
    this.#control(EPOLL_CTL_DEL, watched.fd, 0, number);
  }

  /**
   * Calls each ready descriptor's source once, in turn. Waits for the first at most `timeout`
   * milliseconds (-1: forever).
   */
  wait(timeout: number): void {
    const count = quick.epollWait(this.fd, this.#ready, READY_MAX, timeout);
    if (count < 0 && count !== -EINTR) throw new Error(`epoll_wait: error ${-count}`);
    for (let index = 0; index < count; index++) {
      const at = EVENT_WORDS * index;
      const watched = this.#watched.get(this.#ready[at + 1] ?? 0);
      watched?.source.ready(this.#ready[at] ?? 0);
    }
  }

  #control(operation: number, fd: number, events: number, number: number): number {
    this.#event.writeUInt32LE(events, 0);
    this.#event.writeUInt32LE(number % 2 ** 32, 4);
    return syscallRaw(EPOLL_CTL, this.fd, operation, fd, this.#event);
  }
}
