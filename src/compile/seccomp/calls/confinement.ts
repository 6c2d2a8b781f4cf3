import { LANDLOCK_LOG_OFF_FLAGS } from "../../../kernel/argument-names.ts";
import {
  MFD_NOEXEC_SEAL,
  SECCOMP_FILTER_FLAG_NEW_LISTENER,
  SECCOMP_SET_MODE_FILTER,
} from "../../../kernel/constants.ts";
import { allow, ifBits, ifOneOf, notify, refuse } from "../../../kernel/system-calls/verdict.ts";
import type { CallRow } from "../call-row.ts";

/** Calls that touch what holds the domain, or that slip past it. */
export const confinementCalls: readonly CallRow[] = [
  {
    calls: ["memfd_create"],
    class: "confinement",
    applies: "listed",
    why: "Landlock does not see the execution of memory: the mediator adds MFD_NOEXEC_SEAL; a caller that asks for the seal itself goes through",
    verdict: () => ifBits(1, MFD_NOEXEC_SEAL, allow, notify),
  },
  {
    calls: ["memfd_secret"],
    class: "confinement",
    applies: "always",
    why: "the mediator could not read arguments that lie in such memory: refused",
    verdict: () => refuse,
  },
  {
    calls: ["name_to_handle_at"],
    class: "confinement",
    applies: "always",
    why: "handles name files past every path: refused",
    verdict: () => refuse,
  },
  {
    calls: ["seccomp"],
    class: "confinement",
    applies: "listed",
    why: "a second listener could answer before the mediator: refused; further filters only narrow",
    verdict: () =>
      ifOneOf(
        0,
        [SECCOMP_SET_MODE_FILTER],
        ifBits(1, SECCOMP_FILTER_FLAG_NEW_LISTENER, refuse, allow),
        allow,
      ),
  },
  {
    calls: ["landlock_restrict_self"],
    class: "confinement",
    applies: "listed",
    why:
      "the mediator must know it: for a process that narrows itself the mediator does nothing" +
      " any more; flags that keep denials out of the kernel's records are refused",
    verdict: () => ifBits(1, LANDLOCK_LOG_OFF_FLAGS, refuse, notify),
  },
];
