import { error, type Outcome } from "../../answer/outcome.ts";
import { abi, E } from "../../sys/abi.ts";
import type { Call } from "../call.ts";
import type { Subject } from "./attributes.ts";

/**
 * The object of an `...at(dirfd, path, ..., flags)` call. With AT_EMPTY_PATH and an empty path it
 * is the descriptor itself. `open`: an O_PATH descriptor is not accepted.
 */
export function subjectAt(call: Call, flags: number, open = false): Subject | Outcome {
  if (flags & ~(abi.AT_SYMLINK_NOFOLLOW | abi.AT_EMPTY_PATH)) return error(E.INVAL);
  const follow = flags & abi.AT_SYMLINK_NOFOLLOW ? "before-slash" : "always";
  const path = call.path(0, 1);
  if (path.text !== "" || (flags & abi.AT_EMPTY_PATH) === 0) return { kind: "path", path, follow };
  return call.int(0) === abi.AT_FDCWD
    ? { kind: "path", path: { ...path, text: "." }, follow }
    : { kind: "number", number: call.int(0), open };
}
