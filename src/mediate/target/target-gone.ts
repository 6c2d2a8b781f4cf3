import { cannot } from "../answer/outcome.ts";
import { E } from "../sys/abi.ts";

/** The target has died or cannot be looked at. Its call is refused, although it may be gone. */
export const GONE = cannot(E.PERM, "the asking thread cannot be looked at");
