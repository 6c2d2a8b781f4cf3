/** `asm/ioctls.h`, `asm/termbits.h`. */
export const TCGETS = 0x5401;
export const TCSETS = 0x5402;
export const TIOCSWINSZ = 0x5414;
export const TIOCGPTPEER = 0x5441;
export const TIOCSPTLCK = 0x40045431;

/** Input. */
export const IGNBRK = 0o1;
export const BRKINT = 0o2;
export const PARMRK = 0o10;
export const ISTRIP = 0o40;
export const INLCR = 0o100;
export const IGNCR = 0o200;
export const ICRNL = 0o400;
export const IXON = 0o2000;

/** Output. */
export const OPOST = 0o1;

/** Local. */
export const ISIG = 0o1;
export const ICANON = 0o2;
export const ECHO = 0o10;
export const ECHONL = 0o100;
export const IEXTEN = 0o100000;

/** Indexes of the control characters. */
export const VTIME = 5;
export const VMIN = 6;
