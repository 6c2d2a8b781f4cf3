import {
  BRKINT,
  ECHO,
  ECHONL,
  ICANON,
  ICRNL,
  IEXTEN,
  IGNBRK,
  IGNCR,
  INLCR,
  ISIG,
  ISTRIP,
  IXON,
  O_CLOEXEC,
  O_NOCTTY,
  O_NONBLOCK,
  O_RDWR,
  OPOST,
  PARMRK,
  TCGETS,
  TCSETS,
  TIOCGPTPEER,
  TIOCGWINSZ,
  TIOCSPTLCK,
  TIOCSWINSZ,
  VMIN,
  VTIME,
} from "../kernel/constants.ts";
import { close, ioctl, open } from "../kernel/ffi.ts";
import { termios, winsize } from "../kernel/structs.ts";

/** The flags that cfmakeraw(3) clears. */
const INPUT_COOKED = IGNBRK | BRKINT | PARMRK | ISTRIP | INLCR | IGNCR | ICRNL | IXON;
const OUTPUT_COOKED = OPOST;
const LOCAL_COOKED = ECHO | ECHONL | ICANON | ISIG | IEXTEN;

export interface Pty {
  readonly master: number;
  /** The end for the program that runs in the terminal. */
  readonly slave: number;
}

/**
 * Makes a pseudo-terminal with the size and settings of the terminal `like`. `plain`: without
 * output processing, for a `like` that still processes its output itself. Both ends are
 * close-on-exec, and the master is non-blocking.
 * @throws ErrnoError if `like` has hung up
 */
export function openPty(like: number, { plain }: { plain: boolean }): Pty {
  const opened: number[] = [];
  try {
    const master = open("/dev/ptmx", O_RDWR | O_NOCTTY | O_NONBLOCK | O_CLOEXEC);
    opened.push(master);
    ioctl(master, TIOCSPTLCK, Buffer.alloc(4));
    const slave = ioctl(master, TIOCGPTPEER, O_RDWR | O_NOCTTY | O_CLOEXEC);
    opened.push(slave);
    setSettings(
      slave,
      plain ? without(settingsOf(like), termios.offset.c_oflag, OUTPUT_COOKED) : settingsOf(like),
    );
    copySize(like, master);
    return { master, slave };
  } catch (error) {
    opened.forEach(close);
    throw error;
  }
}

/**
 * Opens a new description, to make it non-blocking: other processes share the description that was
 * handed over.
 */
export function openTerminal(path: string): number {
  return open(path, O_RDWR | O_NOCTTY | O_NONBLOCK | O_CLOEXEC);
}

export function copySize(from: number, to: number): void {
  const size = winsize.alloc();
  ioctl(from, TIOCGWINSZ, size);
  ioctl(to, TIOCSWINSZ, size);
}

export function settingsOf(terminal: number): Buffer {
  const settings = termios.alloc();
  ioctl(terminal, TCGETS, settings);
  return settings;
}

/** Does not wait until pending output is read, which could take for ever. */
export function setSettings(terminal: number, settings: Buffer): void {
  ioctl(terminal, TCSETS, settings);
}

/** Passes every byte on as it is typed; the other terminal interprets it. */
export function rawSettings(settings: Buffer): Buffer {
  const bytes = without(
    without(settings, termios.offset.c_iflag, INPUT_COOKED),
    termios.offset.c_lflag,
    LOCAL_COOKED,
  );
  const raw = without(bytes, termios.offset.c_oflag, OUTPUT_COOKED);
  raw[termios.offset.c_cc + VMIN] = 1;
  raw[termios.offset.c_cc + VTIME] = 0;
  return raw;
}

function without(settings: Buffer, offset: number, flags: number): Buffer {
  const changed = Buffer.from(settings);
  changed.writeUInt32LE((changed.readUInt32LE(offset) & ~flags) >>> 0, offset);
  return changed;
}
