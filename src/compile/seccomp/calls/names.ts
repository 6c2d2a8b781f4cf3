import {
  __O_TMPFILE,
  O_ACCMODE,
  O_CREAT,
  O_TRUNC,
  RENAME_WHITEOUT,
  S_IFBLK,
  S_IFCHR,
  S_IFMT,
} from "../../../kernel/constants.ts";
import type { CallRow } from "../call-row.ts";
import type { FilterContext } from "../filter-context.ts";
import { absent, allow, EACCES, ifBits, ifOneOf, notify, refuse, type Verdict } from "../verdict.ts";

/**
 * Names are Landlock's. The mediator is asked only for names that the policy lets the domain make or remove and Landlock
 * cannot express; its CONTINUE means "let Landlock decide".
 */
const created = (context: FilterContext): Verdict => (context.brokered.creates ? notify : allow);
const removed = (context: FilterContext): Verdict => (context.brokered.deletes ? notify : allow);
const moved = (context: FilterContext): Verdict =>
  context.brokered.creates || context.brokered.deletes || context.brokered.moves ? notify : allow;

const opened =
  (flags: number) =>
  (context: FilterContext): Verdict =>
    ifBits(flags, O_CREAT | __O_TMPFILE, created(context), truncating(flags, context));

/** Before ABI 3 Landlock lets O_RDONLY|O_TRUNC empty a file that may only be read. */
function truncating(flags: number, context: FilterContext): Verdict {
  if (context.truncateHeld) return allow;
  return ifOneOf(flags, [O_TRUNC], { kind: "errno", errno: EACCES }, allow, O_TRUNC | O_ACCMODE);
}

const deviceNode =
  (mode: number) =>
  (context: FilterContext): Verdict =>
    ifOneOf(mode, [S_IFCHR, S_IFBLK], refuse, created(context), S_IFMT);

const NODES =
  "a name that Landlock cannot express is made by the mediator; device nodes and whiteouts (a device 0:0) are refused";
const OPENS = "only opens that may create are asked about: everything else is Landlock's";

export const nameCalls: readonly CallRow[] = [
  { calls: ["open"], class: "names", applies: "listed", why: OPENS, verdict: opened(1) },
  { calls: ["openat"], class: "names", applies: "listed", why: OPENS, verdict: opened(2) },
  {
    calls: ["openat2"],
    class: "names",
    applies: "listed",
    why: "its flags lie in memory, so every use is asked about where names are brokered; before Landlock ABI 3 it is absent, since O_TRUNC could hide there",
    verdict: (context) => (context.truncateHeld ? created(context) : absent),
  },
  {
    calls: ["creat", "mkdir", "mkdirat", "symlink", "symlinkat"],
    class: "names",
    applies: "listed",
    why: "a name that Landlock cannot express is made by the mediator",
    verdict: created,
  },
  { calls: ["mknod"], class: "names", applies: "listed", why: NODES, verdict: deviceNode(1) },
  { calls: ["mknodat"], class: "names", applies: "listed", why: NODES, verdict: deviceNode(2) },
  {
    calls: ["unlink", "unlinkat", "rmdir"],
    class: "names",
    applies: "listed",
    why: "a name that Landlock cannot express is removed by the mediator",
    verdict: removed,
  },
  {
    calls: ["link", "linkat", "rename", "renameat"],
    class: "names",
    applies: "listed",
    why: "two names at once: asked about where either may be brokered, or Landlock may not move files between its directories",
    verdict: moved,
  },
  {
    calls: ["renameat2"],
    class: "names",
    applies: "listed",
    why: "as rename; RENAME_WHITEOUT makes a device node past Landlock and is refused",
    verdict: (context) => ifBits(4, RENAME_WHITEOUT, refuse, moved(context)),
  },
  {
    calls: ["truncate"],
    class: "names",
    applies: "listed",
    why: "Landlock handles truncation from ABI 3 on; before that the mediator does it",
    verdict: (context) => (context.truncateHeld ? allow : notify),
  },
];
