import { CONTINUE, never, type Outcome, unable } from "../../answer/outcome.ts";
import { OPEN_ATTEMPTS_MAX } from "../../limits.ts";
import { abi, E } from "../../sys/abi.ts";
import { shown } from "../../sys/sys.ts";
import type { Place } from "../../walk/place.ts";
import { inSharedDirectory } from "../../walk/shared-directory.ts";
import type { Call } from "../call.ts";
import { type Handler, right } from "../handler.ts";
import { accesses, missing, NAMELESS, type OpenArguments, setsId } from "./open-arguments.ts";
import { readArguments } from "./open-how.ts";
import { openJudged } from "./open-judged.ts";
import { isOfStart, openLate } from "./open-late.ts";
import { makeFile, openTemporary } from "./open-make.ts";
import { reopen } from "./open-object.ts";

/**
 * open, creat and openat that may make a file, every openat2 and, in a supervised domain, all
 * opens. The mediator makes a file only with O_EXCL, so it never opens one that another process put
 * there meanwhile. An existing file is opened through the descriptor by which it was judged.
 */
export const open: Handler = {
  continueIsSafe: (call) =>
    !call.fallsBack &&
    call.broker.grants.kernelHandles(right.makeRegular | right.readFile | right.writeFile),

  leftAtOnce: (call) => !mayMake(call) && isOfStart(call),

  fallsToKernel: (call) => call.broker.startedNames !== null && !mayMake(call),

  answer(call) {
    const asked = readArguments(call);
    if ("kind" in asked) return asked;
    if (setsId(asked)) return never(E.PERM, "create with set-id bits", shown(asked.path.text));
    if (call.supervised || call.fallsBack) return openJudged(call, asked);
    if (!asked.temporary && !asked.creates) return openLate(call, asked);
    return asked.temporary
      ? openTemporary(call, asked)
      : call.asTarget(() => openNamed(call, asked));
  },
};

/** By its registers. Without O_CREAT and O_TMPFILE Landlock judges the whole call. */
function mayMake(call: Call): boolean {
  if (call.name !== "open" && call.name !== "openat") return true;
  return (call.int(call.name === "open" ? 1 : 2) & (abi.O_CREAT | NAMELESS)) !== 0;
}

function openNamed(call: Call, asked: OpenArguments): Outcome {
  for (let attempt = 0; attempt < OPEN_ATTEMPTS_MAX; attempt++) {
    const walked = call.walk(asked.path, asked.follow);
    // The remaining cases return an error or open an existing object, which Landlock judges.
    if (walked.kind !== "place" || walked.place.slash || walked.place.last === ".") return CONTINUE;
    const { place } = walked;
    if (call.broker.grants.kernelCreates(place.name)) return CONTINUE;
    const outcome =
      place.object === null ? makeFile(call, asked, place) : openExisting(call, asked, place);
    if (outcome !== "again") return outcome;
  }
  return unable(E.AGAIN, call.name, shown(asked.path.text));
}

/**
 * A file made after the start is in no Landlock rule even if its name is granted, so the mediator
 * opens it. On a network or FUSE file system, too: a worker does it with the target's effective
 * ids, and only so the domain reaches again what it made there. Everything else is left to
 * Landlock: files of which the kernel asks who opened them, which would be the mediator; and what
 * proc_sys_fs(5) protected_regular forbids, because that rule depends on O_CREAT, with which the
 * mediator cannot reopen.
 */
function openExisting(call: Call, asked: OpenArguments, place: Place): Outcome {
  const { object } = place;
  if (object === null || object.stat.type !== abi.S_IFREG || (asked.flags & abi.O_EXCL) !== 0)
    return CONTINUE;
  if (missing(call.broker.grants.of(place.name, 0), accesses(asked.flags)) !== null)
    return CONTINUE;
  if (call.broker.mounts.asksKernel(object.stat.mount)) return CONTINUE;
  if (inSharedDirectory(call, place)) return CONTINUE;
  return reopen(call, asked, object);
}
