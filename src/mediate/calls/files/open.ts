import { CONTINUE, never, type Outcome, unable } from "../../answer/outcome.ts";
import { OPEN_ATTEMPTS_MAX } from "../../limits.ts";
import { abi, E } from "../../sys/abi.ts";
import { openat, self, shown } from "../../sys/sys.ts";
import type { Place } from "../../walk/place.ts";
import { inSharedDirectory } from "../../walk/shared-directory.ts";
import type { Call } from "../call.ts";
import { type Handler, right } from "../handler.ts";
import { accesses, missing, type OpenArguments, setsId } from "./open-arguments.ts";
import { emptied } from "./open-emptied.ts";
import { readArguments } from "./open-how.ts";
import { openJudged } from "./open-judged.ts";
import { makeFile, openTemporary } from "./open-make.ts";
import { settle, unwaiting } from "./opened.ts";

/**
 * open, creat and openat that may make a file, every openat2 and, in a supervised domain, all
 * opens. The mediator makes a file only with O_EXCL, so it never opens one that another process put
 * there meanwhile. An existing file is opened through the descriptor by which it was judged.
 */
export const open: Handler = {
  continueIsSafe: (call) =>
    !call.fallsBack &&
    call.broker.grants.kernelHandles(right.makeRegular | right.readFile | right.writeFile),

  answer(call) {
    const asked = readArguments(call);
    if ("kind" in asked) return asked;
    if (setsId(asked)) return never(E.PERM, "create with set-id bits", shown(asked.path.text));
    if (call.supervised || call.fallsBack) return openJudged(call, asked);
    if (!asked.temporary && !asked.creates) return CONTINUE;
    return asked.temporary
      ? openTemporary(call, asked)
      : call.asTarget(() => openNamed(call, asked));
  },
};

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
 * opens it. Everything else is left to Landlock. So is what proc_sys_fs(5) protected_regular
 * forbids, because that rule depends on O_CREAT, which the mediator's reopening cannot have.
 */
function openExisting(call: Call, asked: OpenArguments, place: Place): Outcome {
  const { object } = place;
  if (object === null || object.stat.type !== abi.S_IFREG || (asked.flags & abi.O_EXCL) !== 0)
    return CONTINUE;
  if (missing(call.broker.grants.of(place.name), accesses(asked.flags)) !== null) return CONTINUE;
  if (inSharedDirectory(call, place)) return CONTINUE;
  // Never waits for the holder of a lease; a worker does.
  const flags = (asked.flags & ~(abi.O_CREAT | abi.O_NOFOLLOW | abi.O_TRUNC)) | unwaiting(call);
  const fd = call.effect(() => openat(abi.AT_FDCWD, self(object.fd), flags));
  return emptied(call, asked.flags, settle(call, asked, fd));
}
