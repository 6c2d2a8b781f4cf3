import { cannot } from "../answer/outcome.ts";
import { E } from "../sys/abi.ts";

/** The target died or cannot be looked at. Its call is refused; nobody may be left to hear it. */
export const GONE = cannot(E.PERM, "the asking thread cannot be looked at");
