import { MODE_BITS } from "../../../base/modes.ts";
import {
  O_APPEND,
  O_ASYNC,
  O_DIRECT,
  O_LARGEFILE,
  O_NOATIME,
  O_SYNC,
} from "../../../kernel/constants.ts";
import { openHow } from "../../../kernel/structs.ts";
import { error, type Outcome } from "../../answer/outcome.ts";
import { abi, E } from "../../sys/abi.ts";
import type { Errno } from "../../sys/errno.ts";
import type { PathArgument } from "../../walk/walk-context.ts";
import type { Call } from "../call.ts";
import {
  isMistake,
  NAMELESS,
  type OpenArguments,
  openArguments,
  WITH_PATH,
} from "./open-arguments.ts";

/**
 * struct open_how (openat2(2)). A longer one has meaning only to a newer kernel, unless the rest is
 * zero.
 */
const HOW_BYTES = openHow.size;
/** The kernel's limit on its size, bytes: a page. */
const HOW_BYTES_MAX = 4_096;
/** The flags that openat2(2) knows: the kernel's VALID_OPEN_FLAGS, then VALID_RESOLVE_FLAGS. */
const KNOWN =
  abi.O_ACCMODE |
  abi.O_CREAT |
  abi.O_EXCL |
  abi.O_NOCTTY |
  abi.O_TRUNC |
  O_APPEND |
  abi.O_NONBLOCK |
  O_SYNC |
  O_ASYNC |
  O_DIRECT |
  O_LARGEFILE |
  abi.O_DIRECTORY |
  abi.O_NOFOLLOW |
  O_NOATIME |
  abi.O_CLOEXEC |
  abi.O_PATH |
  abi.O_TMPFILE;
const RESOLVE_KNOWN = BigInt(
  abi.RESOLVE_NO_XDEV |
    abi.RESOLVE_NO_MAGICLINKS |
    abi.RESOLVE_NO_SYMLINKS |
    abi.RESOLVE_BENEATH |
    abi.RESOLVE_IN_ROOT |
    abi.RESOLVE_CACHED,
);
const SCOPED = abi.RESOLVE_BENEATH | abi.RESOLVE_IN_ROOT;

/** The error is the kernel's own. */
export function readArguments(call: Call): OpenArguments | Outcome {
  switch (call.name) {
    case "open":
      return openArguments(call.path(null, 0), call.int(1), call.unsigned(2));
    case "creat":
      return openArguments(
        call.path(null, 0),
        abi.O_CREAT | abi.O_WRONLY | abi.O_TRUNC,
        call.unsigned(1),
      );
    case "openat":
      return openArguments(call.path(0, 1), call.int(2), call.unsigned(3));
    default:
      return readHow(call);
  }
}

/** openat2 is stricter than open. Its arguments are judged in a copy of its struct. */
function readHow(call: Call): OpenArguments | Outcome {
  const size = call.word(3);
  if (size < BigInt(HOW_BYTES)) return error(E.INVAL);
  if (size > BigInt(HOW_BYTES_MAX)) return error(E.TOOBIG);
  const how = call.target.memory.read(call.word(2), Number(size));
  if (how.subarray(HOW_BYTES).some((byte) => byte !== 0)) return error(E.TOOBIG);
  const { flags, mode, resolve } = openHow.decode(how);
  if (flags > BigInt(KNOWN) || resolve > RESOLVE_KNOWN) return error(E.INVAL);
  const wrong = mistake(Number(flags), mode, Number(resolve));
  if (wrong !== null) return error(wrong);
  // The kernel cannot pass an O_PATH descriptor to another process. The caller must do without
  // openat2, as on an older kernel.
  if (Number(flags) & abi.O_PATH && !call.rehearses) return error(E.NOSYS);
  return within(call, Number(flags), Number(mode), Number(resolve));
}

/**
 * The error for flags that the kernel does not accept together (build_open_flags); null otherwise.
 */
function mistake(flags: number, mode: bigint, resolve: number): Errno | null {
  if ((flags & ~KNOWN) !== 0 || (resolve & SCOPED) === SCOPED) return E.INVAL;
  if (mode > (flags & (abi.O_CREAT | NAMELESS) ? BigInt(MODE_BITS) : 0n)) return E.INVAL;
  if (isMistake(flags) || (flags & abi.O_PATH && flags & ~WITH_PATH)) return E.INVAL;
  // Emptying and making would wait for a disk, which a lookup with RESOLVE_CACHED must not do.
  return resolve & abi.RESOLVE_CACHED && flags & (abi.O_TRUNC | abi.O_CREAT | NAMELESS)
    ? E.AGAIN
    : null;
}

function within(call: Call, flags: number, mode: number, resolve: number): OpenArguments | Outcome {
  const path = call.path(0, 1);
  if (!path.text.startsWith("/") || (resolve & SCOPED) === 0)
    return openArguments(path, flags, mode, resolve);
  if (resolve & abi.RESOLVE_BENEATH) return error(E.XDEV);
  const inRoot: PathArgument = { ...path, start: call.target.directory(call.int(0)) };
  return openArguments(inRoot, flags, mode, resolve);
}
