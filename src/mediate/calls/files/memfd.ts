import { error, type Outcome } from "../../answer/outcome.ts";
import { refuseForm } from "../../answer/refuse-call.ts";
import { abi, E } from "../../sys/abi.ts";
import { errnoOf } from "../../sys/errno.ts";
import { c, sys } from "../../sys/sys.ts";
import type { Handler } from "../handler.ts";

const NAME_MAX_BYTES = 250;

/**
 * Makes the file sealed against execution (memfd_create(2), MFD_NOEXEC_SEAL), because Landlock does
 * not check its execution.
 */
export const memfd: Handler = {
  continueIsSafe: () => false,
  answer(call): Outcome {
    const name = call.target.memory.string(call.word(0), NAME_MAX_BYTES);
    const flags = call.unsigned(1);
    if (flags & abi.MFD_EXEC) return refuseForm(call, E.ACCES);
    const fd = call.asTarget(() =>
      call.effect(() =>
        sys("memfd_create", c(name), flags | abi.MFD_CLOEXEC | abi.MFD_NOEXEC_SEAL),
      ),
    );
    return fd < 0
      ? error(errnoOf(fd))
      : { kind: "descriptor", fd, closeOnExec: (flags & abi.MFD_CLOEXEC) !== 0 };
  },
};
