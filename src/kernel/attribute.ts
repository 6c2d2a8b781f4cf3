import { cString } from "./c-string.ts";
import { XATTR_SIZE_MAX } from "./constants.ts";
import { syscall } from "./ffi.ts";
import { unlessGone } from "./unless-gone.ts";

/** An extended attribute; null without one. A link is not followed. @throws ErrnoError */
export function readAttribute(path: string, name: string): string | null {
  const value = Buffer.alloc(XATTR_SIZE_MAX);
  const length = unlessGone(
    () => syscall("lgetxattr", cString(path), cString(name), value, value.length),
    ["ENODATA"],
  );
  return length === null ? null : value.toString("utf8", 0, length);
}

/** A link is not followed. @throws ErrnoError */
export function writeAttribute(path: string, name: string, value: string): void {
  const bytes = Buffer.from(value);
  syscall("lsetxattr", cString(path), cString(name), bytes, bytes.length, 0);
}
