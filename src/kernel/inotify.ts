import {
  IN_CLOEXEC,
  IN_CREATE,
  IN_DELETE,
  IN_IGNORED,
  IN_MOVED_FROM,
  IN_MOVED_TO,
  IN_NONBLOCK,
  IN_ONLYDIR,
  IN_Q_OVERFLOW,
} from "./constants.ts";
import { hasCode } from "./errno-error.ts";
import { close, cString, read, syscall } from "./ffi.ts";
import { inotifyEvent } from "./structs.ts";

/** What the kernel tells of watched directories. */
export interface Told {
  /**
   * `name` has come or gone there; it is empty if the event is about the directory. `isOver`: the
   * kernel has removed the watch, because the directory or its file system is gone.
   */
  name(watch: number, name: string, isOver: boolean): void;
  /** Events are missing, of any directory: the kernel's queue was full. */
  overflowed(): void;
}

const NAMES = IN_CREATE | IN_DELETE | IN_MOVED_FROM | IN_MOVED_TO;
/** Limit on what is read at a time. */
const READ_BYTES = 65_536;
/** Reads of one call, enough for the kernel's default queue (fs.inotify.max_queued_events). */
const READS_MAX = 128;

/**
 * Watches directories for names that come and go (inotify(7)). Node's own watch also reports each
 * write to a file below, and does not say when the kernel's queue has overflowed.
 */
export class Inotify {
  readonly #fd: number;
  readonly #bytes = Buffer.from(new ArrayBuffer(READ_BYTES));

  /** @throws ErrnoError EMFILE if fs.inotify.max_user_instances is reached */
  constructor() {
    this.#fd = syscall("inotify_init1", IN_NONBLOCK | IN_CLOEXEC);
  }

  /**
   * Returns the watch's number, which is the same for the same directory.
   * @throws ErrnoError ENOSPC if fs.inotify.max_user_watches is reached
   */
  watch(directory: string): number {
    return syscall("inotify_add_watch", this.#fd, cString(directory), NAMES | IN_ONLYDIR);
  }

  unwatch(watch: number): void {
    try {
      syscall("inotify_rm_watch", this.#fd, watch);
    } catch (error) {
      // The kernel has removed it already.
      if (!hasCode(error, "EINVAL")) throw error;
    }
  }

  /** Does not wait. What {@link READS_MAX} reads leave is for the next call. */
  read(told: Told): void {
    for (let reads = 0; reads < READS_MAX; reads++) {
      const length = this.#readSome();
      if (length === 0) return;
      this.#parse(length, told);
    }
  }

  close(): void {
    close(this.#fd);
  }

  #readSome(): number {
    try {
      return read(this.#fd, this.#bytes);
    } catch (error) {
      if (hasCode(error, "EAGAIN", "EINTR")) return 0;
      throw error;
    }
  }

  #parse(length: number, told: Told): void {
    const bytes = this.#bytes;
    for (let at = 0; at + inotifyEvent.size <= length; ) {
      const mask = bytes.readUInt32LE(at + inotifyEvent.offset.mask);
      const from = at + inotifyEvent.size;
      const end = from + bytes.readUInt32LE(at + inotifyEvent.offset.len);
      if ((mask & IN_Q_OVERFLOW) !== 0) told.overflowed();
      else {
        const zero = bytes.indexOf(0, from);
        const name = bytes.toString("utf8", from, zero < 0 || zero > end ? end : zero);
        const watch = bytes.readInt32LE(at + inotifyEvent.offset.wd);
        told.name(watch, name, (mask & IN_IGNORED) !== 0);
      }
      at = end;
    }
  }
}
