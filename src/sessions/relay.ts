import { EAGAIN, EINTR, POLLERR, POLLHUP, POLLIN, POLLOUT } from "../kernel/constants.ts";
import type { Epoll } from "../kernel/epoll.ts";
import { hasCode } from "../kernel/errno-error.ts";
import { close, syscallRaw } from "../kernel/ffi.ts";
import { number as syscallNumber } from "../kernel/syscalls.ts";
import { copySize, rawSettings, setSettings, settingsOf } from "./pty.ts";

/** Taken from one side before the other has it. */
const CHUNK_BYTES = 16_384;
/** Passed on in one go: others have their turn. */
const CHUNKS_MAX = 16;
/** For a terminal to take what is left at the end, milliseconds. */
const LAST_MS = 1_000;
const READ = syscallNumber("read") ?? 0;
const WRITE = syscallNumber("write") ?? 0;

/** One end, and what it has still to be given. */
interface Side {
  readonly fd: number;
  watched: number;
  isOpen: boolean;
  waiting: Buffer;
}

/**
 * Bytes between a caller's terminal and the one that was made for what runs outside: neither side
 * ever holds the other. The caller's terminal is raw meanwhile, and is put back at the end, however
 * its processes ended. Neither descriptor may wait; both are closed at the end.
 */
export class Relay {
  readonly #epoll: Epoll;
  readonly #terminal: Side;
  readonly #master: Side;
  readonly #before: Buffer;
  readonly #guard: (work: () => void) => void;
  #isDropped = false;
  #done: (() => void) | null = null;
  #timer: NodeJS.Timeout | null = null;
  /**
   * What is typed is for what runs outside. Else the terminal only shows what that writes, and ^C
   * is a signal as ever.
   */
  readonly #isTyped: boolean;

  /** `guard` runs later work that may fail: a failure ends this relay and no other. */
  constructor(
    epoll: Epoll,
    terminal: number,
    master: number,
    isTyped: boolean,
    guard: (work: () => void) => void,
  ) {
    this.#epoll = epoll;
    this.#guard = guard;
    this.#isTyped = isTyped;
    this.#before = settingsOf(terminal);
    if (isTyped) setSettings(terminal, rawSettings(this.#before));
    this.#terminal = { fd: terminal, watched: 0, isOpen: true, waiting: Buffer.alloc(0) };
    this.#master = { fd: master, watched: 0, isOpen: true, waiting: Buffer.alloc(0) };
    this.#watch(this.#terminal, this.#master);
    this.#watch(this.#master, this.#terminal);
  }

  /** The caller's terminal has another size. */
  resize(): void {
    if (this.#terminal.isOpen && this.#master.isOpen)
      unlessHungUp(() => copySize(this.#terminal.fd, this.#master.fd));
  }

  /** What ran is over: passes on what it has written, then calls `done`. */
  end(done: () => void): void {
    if (this.#isDropped) {
      done();
      return;
    }
    this.#done = done;
    this.#timer = setTimeout(() => this.#guarded(() => this.#finish()), LAST_MS);
    this.#pump(this.#master, this.#terminal);
  }

  #watch(side: Side, other: Side): void {
    side.watched = this.#epoll.add(side.fd, this.#isRead(side) ? POLLIN : 0, {
      ready: (events) => this.#guarded(() => this.#turn(side, other, events)),
    });
  }

  #turn(side: Side, other: Side, events: number): void {
    if ((events & POLLOUT) !== 0) {
      this.#flush(side);
      this.#pump(other, side);
    }
    const over = (events & (POLLHUP | POLLERR)) !== 0;
    // The kernel would say so again and again while there is no room for what it has left.
    if (over && other.waiting.length > 0) this.#epoll.remove(side.watched);
    else if (over || (events & POLLIN) !== 0) this.#pump(side, other);
  }

  #guarded(work: () => void): void {
    this.#guard(() => {
      try {
        work();
      } catch (error) {
        this.#drop();
        throw error;
      }
    });
  }

  /** Passes on what one side has, as far as the other takes it. */
  #pump(from: Side, to: Side): void {
    let isEmpty = false;
    for (
      let turn = 0;
      turn < CHUNKS_MAX && from.isOpen && to.waiting.length === 0 && !isEmpty;
      turn++
    ) {
      const bytes = Buffer.alloc(CHUNK_BYTES);
      const got = syscallRaw(READ, from.fd, bytes, bytes.length);
      if (got === -EAGAIN || got === -EINTR) isEmpty = true;
      else if (got <= 0) this.#lose(from);
      else {
        to.waiting = bytes.subarray(0, got);
        this.#flush(to);
      }
    }
    this.#settle();
    if (
      this.#done !== null &&
      to === this.#terminal &&
      to.waiting.length === 0 &&
      (isEmpty || !from.isOpen)
    )
      this.#finish();
  }

  #flush(side: Side): void {
    while (side.isOpen && side.waiting.length > 0) {
      const put = syscallRaw(WRITE, side.fd, side.waiting, side.waiting.length);
      if (put === -EAGAIN || put === -EINTR) return;
      if (put < 0) this.#lose(side);
      else side.waiting = side.waiting.subarray(put);
    }
    if (!side.isOpen) side.waiting = Buffer.alloc(0);
  }

  /** It hung up: no more input comes from it, and it takes no more output. */
  #lose(side: Side): void {
    this.#epoll.remove(side.watched);
    side.isOpen = false;
    side.waiting = Buffer.alloc(0);
  }

  /** Each side is read while the other has nothing to be given, and written while it has. */
  #settle(): void {
    for (const [side, other] of [
      [this.#terminal, this.#master],
      [this.#master, this.#terminal],
    ] as const)
      if (side.isOpen)
        this.#epoll.change(
          side.watched,
          (other.waiting.length === 0 && this.#isRead(side) ? POLLIN : 0) |
            (side.waiting.length > 0 ? POLLOUT : 0),
        );
  }

  #isRead(side: Side): boolean {
    return this.#isTyped || side === this.#master;
  }

  #finish(): void {
    const done = this.#done;
    if (done === null) return;
    this.#done = null;
    this.#putBack();
    this.#drop();
    done();
  }

  #drop(): void {
    if (this.#isDropped) return;
    this.#isDropped = true;
    if (this.#timer !== null) clearTimeout(this.#timer);
    for (const side of [this.#terminal, this.#master]) {
      if (side.isOpen) this.#lose(side);
      close(side.fd);
    }
  }

  #putBack(): void {
    if (this.#terminal.isOpen && this.#isTyped)
      unlessHungUp(() => setSettings(this.#terminal.fd, this.#before));
  }
}

/**
 * A terminal that has hung up has neither settings nor a size; its end may not have been noticed
 * yet.
 */
function unlessHungUp(work: () => void): void {
  try {
    work();
  } catch (error) {
    if (!hasCode(error, "EIO")) throw error;
  }
}
