import { EAGAIN, EINTR, POLLERR, POLLHUP, POLLIN, POLLOUT } from "../kernel/constants.ts";
import type { Epoll } from "../kernel/epoll.ts";
import { hasCode } from "../kernel/errno-error.ts";
import { close, syscallRaw } from "../kernel/ffi.ts";
import { number as syscallNumber } from "../kernel/syscalls.ts";
import { copySize, rawSettings, setSettings, settingsOf } from "./pty.ts";

/** The most that one read takes from a side. */
const CHUNK_BYTES = 16_384;
/** Reads in a row from one side, before other connections have their turn. */
const CHUNKS_MAX = 16;
/** Time for the caller's terminal to take the last output, milliseconds. */
const LAST_MS = 1_000;
const READ = syscallNumber("read") ?? 0;
const WRITE = syscallNumber("write") ?? 0;

/** One terminal, and the bytes that it has not taken yet. */
interface Side {
  readonly fd: number;
  watched: number;
  isOpen: boolean;
  waiting: Buffer;
}

/**
 * Copies bytes between the caller's terminal and the one made for the root shell, so that neither
 * side ever holds the other's. Meanwhile the caller's terminal is raw. At the end the relay
 * restores its settings, however the caller's processes ended. Both descriptors must be
 * non-blocking; the relay closes both.
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
   * Whether the caller's terminal is standard input. If not, it only shows output, and ^C stays a
   * signal.
   */
  readonly #isTyped: boolean;

  /** `guard` catches errors of later work: they end this relay only. */
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

  resize(): void {
    if (this.#terminal.isOpen && this.#master.isOpen)
      unlessHungUp(() => copySize(this.#terminal.fd, this.#master.fd));
  }

  /** The shell has exited: passes on its last output, then calls `done`. */
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
    // Epoll reports the hang-up again and again while the output that is left finds no room.
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

  /** Reads from one side until the other takes no more. */
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

  #lose(side: Side): void {
    this.#epoll.remove(side.watched);
    side.isOpen = false;
    side.waiting = Buffer.alloc(0);
  }

  /**
   * Waits for input of a side while the other one has taken everything, and for room while it has
   * not.
   */
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
 * Ignores a hang-up, which epoll may not have reported yet: the terminal then has no settings and
 * no size.
 */
function unlessHungUp(work: () => void): void {
  try {
    work();
  } catch (error) {
    if (!hasCode(error, "EIO")) throw error;
  }
}
