import { cannot } from "../answer/outcome.ts";
import { E } from "../sys/abi.ts";

/** Refused and not cancelled: the target may be gone, or may live and be unreadable. */
export const GONE = cannot(E.PERM, "the asking thread cannot be looked at");
