import {
  O_CLOEXEC,
  O_DIRECTORY,
  O_NOFOLLOW,
  O_PATH,
  RESOLVE_BENEATH,
  RESOLVE_NO_SYMLINKS,
  RESOLVE_NO_XDEV,
} from "./constants.ts";
import { close, open, openat2 } from "./ffi.ts";

/**
 * Opens the object that `name` names in `folder`, O_PATH; the caller closes it. Follows no link and
 * enters no other file system, which a user may have mounted there and which may never answer
 * (openat2(2)).
 *
 * @throws ErrnoError ELOOP and EXDEV for these
 */
export function openWithin(folder: string, name: string): number {
  const below = open(folder, O_PATH | O_DIRECTORY | O_CLOEXEC);
  try {
    return openat2(below, name, {
      flags: O_PATH | O_NOFOLLOW | O_CLOEXEC,
      resolve: RESOLVE_BENEATH | RESOLVE_NO_SYMLINKS | RESOLVE_NO_XDEV,
    });
  } finally {
    close(below);
  }
}
