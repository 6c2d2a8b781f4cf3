import { StateError } from "../../domains/state-error.ts";
import { hasCode } from "../../kernel/errno-error.ts";
import { ApiError } from "./api-error.ts";
import { REQUEST_WAIT_MAX_MS } from "./limits.ts";
import type { Caller } from "./peer.ts";

export const goneAlready = new ApiError(
  403,
  "the process that connected has ended",
  "keep the connecting process alive until it has its answer",
);
export const tooMany = new ApiError(503, "too many connections", "try again");
export const notArrived = new ApiError(
  408,
  `the request did not arrive within ${REQUEST_WAIT_MAX_MS / 1000} seconds`,
  "try again; the host may be very busy",
);
export const notHttp = new ApiError(
  400,
  "the request is not HTTP",
  "docs/control-api.md says how to ask",
);
export const fault = new ApiError(
  500,
  "the agent failed at this",
  "its messages tell why: journalctl -u cofferdam-agent",
);

export function notAnAdministrator(): ApiError {
  return new ApiError(
    403,
    "only root and members of the group cofferdam may do this",
    "try again with sudo",
  );
}

export function refusalOf({ why, help }: Extract<Caller, { state: "refused" }>): ApiError {
  return new ApiError(403, why, help);
}

/** null for an unexpected error. */
export function refusalFor(error: unknown): ApiError | null {
  if (error instanceof ApiError) return error;
  if (error instanceof StateError) return new ApiError(409, error.message, error.help);
  return hasCode(error, "ENOSPC", "EDQUOT", "EROFS", "EIO") ? notKept(error.message) : null;
}

/**
 * RFC 4918: the request cannot be stored. Everything is prepared on disk before any of it takes
 * effect.
 */
function notKept(why: string): ApiError {
  const help =
    "nothing was changed: make room (df -h /var/lib/cofferdam /run; df -i) or mend the disk, " +
    "then try again";
  return new ApiError(507, `the change cannot be saved: ${why}`, help);
}
