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

/** What cfmakeraw(3) takes away. */
const INPUT_COOKED = IGNBRK | BRKINT | PARMRK | ISTRIP | INLCR | IGNCR | ICRNL | IXON;
const OUTPUT_COOKED = OPOST;
const LOCAL_COOKED = ECHO | ECHONL | ICANON | ISIG | IEXTEN;

export interface Pty {
  readonly master: number;
  /** The side of the program that runs in it. */
  readonly slave: number;
}

/**
 * A new terminal with the size and the settings of another one, but that output is `plain` where it
 * goes through that one as it is. Both ends are close-on-exec, the master does not wait.
 * @throws ErrnoError where that one has hung up
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

/** A description of its own, which does not wait: others share the one that was handed over. */
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

/** At once: waiting until the output is read could take for ever. */
export function setSettings(terminal: number, settings: Buffer): void {
  ioctl(terminal, TCSETS, settings);
}

/** Every byte as it is typed: the program behind the other terminal interprets it. */
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
