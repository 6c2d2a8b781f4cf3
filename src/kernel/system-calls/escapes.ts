import { mountCalls, neverGranted } from "../../model/never-granted.ts";
import { SECCOMP_FILTER_FLAG_NEW_LISTENER, SECCOMP_SET_MODE_FILTER } from "../constants.ts";
import type { EscapeCall } from "./call.ts";
import { allow, ifBits, ifOneOf, notify } from "./verdict.ts";

/** In another class, since something must be forgotten or a target judged whatever is answered. */
const elsewhere: ReadonlySet<string> = new Set(["setns"]);

/** Absent rather than forbidden: libraries that try it fall back only on ENOSYS. */
const saidToBeAbsent = (name: string): boolean => name.startsWith("io_uring_");

/**
 * Calls that undo what holds a domain, or reach past it into the kernel or the whole host:
 * `model/never-granted.ts` and three more.
 */
export const escapeCalls: readonly EscapeCall[] = [
  ...neverGranted
    .filter(({ name }) => !elsewhere.has(name))
    .map(
      ({ name, why }): EscapeCall => ({
        ...{
          class: "namespace-or-escape",
          name,
          why,
          when: notify,
          voids: mountCalls.includes(name) ? ["names"] : [],
          absent: saidToBeAbsent(name),
        },
      }),
    ),
  {
    class: "namespace-or-escape",
    name: "name_to_handle_at",
    why: "handles name files past every path",
    when: notify,
    voids: [],
    absent: false,
  },
  {
    class: "namespace-or-escape",
    name: "memfd_secret",
    why: "the mediator could not read arguments that lie in such memory",
    when: notify,
    voids: [],
    absent: false,
  },
  {
    class: "namespace-or-escape",
    name: "seccomp",
    why: "a second listener could answer before the mediator; further filters without one only narrow and are not asked about",
    when: ifOneOf(
      0,
      [SECCOMP_SET_MODE_FILTER],
      ifBits(1, SECCOMP_FILTER_FLAG_NEW_LISTENER, notify, allow),
      allow,
    ),
    voids: [],
    absent: false,
  },
];
