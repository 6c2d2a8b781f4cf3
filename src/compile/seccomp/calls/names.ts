import {
  __O_TMPFILE,
  EACCES,
  O_ACCMODE,
  O_CREAT,
  O_TRUNC,
  RENAME_WHITEOUT,
  S_IFBLK,
  S_IFCHR,
  S_IFMT,
  S_ISGID,
  S_ISUID,
} from "../../../kernel/constants.ts";
import {
  absent,
  allow,
  ifBits,
  ifOneOf,
  notify,
  refuse,
  type Verdict,
} from "../../../kernel/system-calls/verdict.ts";
import type { CallRow } from "../call-row.ts";
import type { FilterContext } from "../filter-context.ts";

/**
 * Names are Landlock's. The mediator is asked only for names that the policy lets the domain make
 * or remove and Landlock cannot express; its CONTINUE means "let Landlock decide".
 */
const created = (context: FilterContext): Verdict => (context.brokered.creates ? notify : allow);
const removed = (context: FilterContext): Verdict => (context.brokered.deletes ? notify : allow);
const moved = (context: FilterContext): Verdict =>
  context.brokered.creates || context.brokered.deletes || context.brokered.moves ? notify : allow;

/**
 * Whoever executes a set-id file gets the daemon's identity, inside the domain or outside; Landlock
 * does not look at the mode of what is made.
 */
const unlessSetId = (mode: number, otherwise: Verdict): Verdict =>
  ifBits(mode, S_ISUID | S_ISGID, refuse, otherwise);

const opened =
  (flags: number) =>
  (context: FilterContext): Verdict =>
    ifBits(
      flags,
      O_CREAT | __O_TMPFILE,
      unlessSetId(flags + 1, created(context)),
      truncating(flags, context),
    );

/** Before ABI 3 Landlock lets O_RDONLY|O_TRUNC empty a file that may only be read. */
function truncating(flags: number, context: FilterContext): Verdict {
  if (context.truncateHeld) return allow;
  return ifOneOf(flags, [O_TRUNC], { kind: "errno", errno: EACCES }, allow, O_TRUNC | O_ACCMODE);
}

const deviceNode =
  (mode: number) =>
  (context: FilterContext): Verdict =>
    ifOneOf(mode, [S_IFCHR, S_IFBLK], refuse, unlessSetId(mode, created(context)), S_IFMT);

const NODES =
  "a name that Landlock cannot express is made by the mediator; device nodes, whiteouts (a device 0:0) and set-id files are refused";
const OPENS =
  "only opens that may create are asked about, and refused for set-id files: everything else is Landlock's";

export const nameCalls: readonly CallRow[] = [
  { calls: ["open"], class: "names", applies: "listed", why: OPENS, verdict: opened(1) },
  { calls: ["openat"], class: "names", applies: "listed", why: OPENS, verdict: opened(2) },
  {
    calls: ["openat2"],
    class: "names",
    applies: "listed",
    why: "its flags and mode lie in memory, where set-id bits could hide: absent, so that callers fall back to openat",
    verdict: () => absent,
  },
  {
    calls: ["creat"],
    class: "names",
    applies: "listed",
    why: "as open",
    verdict: (context) => unlessSetId(1, created(context)),
  },
  {
    calls: ["mkdir", "mkdirat", "symlink", "symlinkat"],
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
    calls: ["link", "linkat"],
    class: "names",
    applies: "listed",
    why: "Landlock wants its right to move files (REFER) where the linked file lies, the policy only that nothing is gained: every link into a granted directory is asked about",
    verdict: (context) => (context.brokered.creates || context.brokered.links ? notify : allow),
  },
  {
    calls: ["rename", "renameat"],
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
