import { O_CLOEXEC, O_NOCTTY, O_NONBLOCK, O_RDWR } from "../kernel/constants.ts";
import { ioctl, open } from "../kernel/ffi.ts";

/** asm-generic/ioctls.h */
const TCGETS = 0x5401;
const TCSETS = 0x5402;
const TIOCGWINSZ = 0x5413;
const TIOCSWINSZ = 0x5414;
const TIOCSPTLCK = 0x40045431;
const TIOCGPTPEER = 0x5441;
/** struct winsize of asm-generic/termios.h. */
const WINSIZE_BYTES = 8;

/** struct termios of asm-generic/termbits.h: input, output, control and local flags, line discipline, 19 control characters. */
const TERMIOS_BYTES = 36;
const at = { input: 0, output: 4, local: 12, characters: 17 };
const VTIME = 5;
const VMIN = 6;
/** IGNBRK, BRKINT, PARMRK, ISTRIP, INLCR, IGNCR, ICRNL, IXON: what cfmakeraw(3) takes away, as the next two. */
const INPUT_COOKED = 0o2753;
/** OPOST. */
const OUTPUT_COOKED = 0o1;
/** ECHO, ECHONL, ICANON, ISIG, IEXTEN. */
const LOCAL_COOKED = 0o100113;

export interface Pty {
  readonly master: number;
  /** The side of who runs in it. */
  readonly slave: number;
}

/**
 * A new terminal with the size and the settings of another one, but that output is `plain` where it goes through that one as it is. Both ends are close-on-exec, the master does not wait.
 */
export function openPty(like: number, { plain }: { plain: boolean }): Pty {
  const master = open("/dev/ptmx", O_RDWR | O_NOCTTY | O_NONBLOCK | O_CLOEXEC);
  ioctl(master, TIOCSPTLCK, Buffer.alloc(4));
  const slave = ioctl(master, TIOCGPTPEER, O_RDWR | O_NOCTTY | O_CLOEXEC);
  setSettings(slave, plain ? without(settingsOf(like), at.output, OUTPUT_COOKED) : settingsOf(like));
  copySize(like, master);
  return { master, slave };
}

/** A description of its own, which does not wait: others share the one that was handed over. */
export function reopenTerminal(fd: number): number {
  return open(`/proc/self/fd/${fd}`, O_RDWR | O_NOCTTY | O_NONBLOCK | O_CLOEXEC);
}

export function copySize(from: number, to: number): void {
  const size = Buffer.alloc(WINSIZE_BYTES);
  ioctl(from, TIOCGWINSZ, size);
  ioctl(to, TIOCSWINSZ, size);
}

export function settingsOf(terminal: number): Buffer {
  const settings = Buffer.alloc(TERMIOS_BYTES);
  ioctl(terminal, TCGETS, settings);
  return settings;
}

/** At once: to wait until what was written is read could be for ever. */
export function setSettings(terminal: number, settings: Buffer): void {
  ioctl(terminal, TCSETS, settings);
}

/** Every byte as it is typed: who runs behind the other terminal makes of it what it wants. */
export function rawSettings(settings: Buffer): Buffer {
  const bytes = without(without(settings, at.input, INPUT_COOKED), at.local, LOCAL_COOKED);
  const raw = without(bytes, at.output, OUTPUT_COOKED);
  raw[at.characters + VMIN] = 1;
  raw[at.characters + VTIME] = 0;
  return raw;
}

function without(settings: Buffer, offset: number, flags: number): Buffer {
  const changed = Buffer.from(settings);
  changed.writeUInt32LE((changed.readUInt32LE(offset) & ~flags) >>> 0, offset);
  return changed;
}
