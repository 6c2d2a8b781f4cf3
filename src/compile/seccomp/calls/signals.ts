import { ownerCommands } from "../../../kernel/argument-names.ts";
import { F_SETFL, O_ASYNC } from "../../../kernel/constants.ts";
import {
  allow,
  ifBits,
  ifOneOf,
  notify,
  type Verdict,
} from "../../../kernel/system-calls/verdict.ts";
import type { CallRow } from "../call-row.ts";
import type { FilterContext } from "../filter-context.ts";

const WHY =
  "Landlock's scope keeps signals inside the domain; where the kernel has none, or the policy grants `any`, the mediator is asked, except for signal 0: Cofferdam's own processes get none";

const sent =
  (signal: number) =>
  (context: FilterContext): Verdict =>
    context.signalsHeld ? allow : ifOneOf(signal, [0], allow, notify);

export const signalCalls: readonly CallRow[] = [
  {
    calls: ["kill", "tkill", "rt_sigqueueinfo", "pidfd_send_signal"],
    class: "signals",
    applies: "listed",
    why: WHY,
    verdict: sent(1),
  },
  {
    calls: ["tgkill", "rt_tgsigqueueinfo"],
    class: "signals",
    applies: "listed",
    why: WHY,
    verdict: sent(2),
  },
  {
    calls: ["fcntl"],
    class: "signals",
    applies: "listed",
    why: [
      "F_SETOWN sends any signal to others, F_SETFL with O_ASYNC a terminal's to its foreground group",
      "asked about where no Landlock scope holds signals",
    ].join("; "),
    verdict: (context) =>
      context.signalsHeld
        ? allow
        : ifOneOf(
            1,
            Object.values(ownerCommands),
            notify,
            ifOneOf(1, [F_SETFL], ifBits(2, O_ASYNC, notify, allow), allow),
          ),
  },
];
