import { constants } from "node:os";

/** `call` says what was tried and on what, e.g. `open /etc/shadow`. */
export class ErrnoError extends Error {
  /** E.g. `EACCES`; `E123` for a number without a name. */
  readonly code: string;
  readonly errno: number;
  readonly call: string;

  constructor(call: string, errno: number) {
    const code = errnoName(errno);
    super(`${call}: ${code}`);
    this.name = "ErrnoError";
    this.call = call;
    this.errno = errno;
    this.code = code;
  }
}

const nameByNumber = new Map<number, string>(
  Object.entries(constants.errno).map(([name, number]) => [number, name]),
);
/** Some names share a number on Linux; the manual pages' name wins. */
nameByNumber.set(constants.errno.EAGAIN, "EAGAIN").set(constants.errno.EOPNOTSUPP, "EOPNOTSUPP");

export function errnoName(errno: number): string {
  return nameByNumber.get(errno) ?? `E${errno}`;
}

export function hasCode(
  error: unknown,
  ...codes: readonly string[]
): error is Error & { code: string } {
  return error instanceof Error && "code" in error && codes.includes(String(error.code));
}
