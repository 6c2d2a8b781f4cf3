import { E } from "../sys/abi.ts";
import { errnoOf } from "../sys/errno.ts";
import { atOnce } from "./at-once.ts";
import { direct } from "./direct.ts";
import type { PathArgument, WalkContext, Walked } from "./walk-context.ts";
import { Walk } from "./walk-steps.ts";

/**
 * Resolves a path. Must run under the target's identity, so that its search permissions count.
 * target.credentials and .root must have been read before.
 */
export function walk(path: PathArgument, context: WalkContext): Walked {
  if (path.text === "") return { kind: "error", errno: E.NOENT };
  if (path.start < 0) return { kind: "error", errno: errnoOf(path.start) };
  if (context.resolve !== 0) return new Walk(path.start, context).run(path.text);
  const found = atOnce(path, context);
  if (found !== null) return found;
  const place = direct(path, context);
  return place === null ? new Walk(path.start, context).run(path.text) : { kind: "place", place };
}
