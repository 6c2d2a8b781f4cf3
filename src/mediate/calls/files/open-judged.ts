import { isCanonicalName } from "../../../model/canonical-name.ts";
import { noPlace } from "../../answer/no-place.ts";
import { error, type Outcome, unable } from "../../answer/outcome.ts";
import { OPEN_ATTEMPTS_MAX } from "../../limits.ts";
import { abi, E } from "../../sys/abi.ts";
import { errnoOf } from "../../sys/errno.ts";
import { type Bytes, isDevice, type Stat, shown } from "../../sys/sys.ts";
import type { Place } from "../../walk/place.ts";
import { inSharedDirectory, protects } from "../../walk/shared-directory.ts";
import type { Follow } from "../../walk/walk-context.ts";
import type { Call } from "../call.ts";
import { lacking } from "./lacking.ts";
import { accesses, isMistake, missing, type OpenArguments, setOf } from "./open-arguments.ts";
import type { Later } from "./open-in-namespace.ts";
import { makeFile, openTemporary } from "./open-make.ts";
import { openDescriptor, openObject } from "./open-object.ts";
import { judgeProcEntry, judgeProcLink } from "./proc-entry.ts";

/**
 * An open that no kernel layer checks again: every open of a supervised domain, and openat2 of a
 * sealed one. It is judged by a descriptor of the object, and then opened through that descriptor
 * as the target.
 */
export function openJudged(call: Call, asked: OpenArguments): Outcome {
  if (isMistake(asked.flags)) return error(E.INVAL);
  if (asked.temporary) return openTemporary(call, asked);
  const outcome = call.asTarget(() => openNamed(call, asked), { makes: asked.creates });
  // `/proc/self/fd/N`, which only the mediator's own rights can look up.
  if (typeof outcome !== "number") return finished(outcome);
  const fd = call.target.linked(outcome);
  if (fd < 0) return error(errnoOf(fd));
  return finished(call.asTarget(() => openDescriptor(call, asked, fd)));
}

function finished(outcome: Outcome | Later): Outcome {
  return outcome.kind === "later" ? outcome.finish() : outcome;
}

function openNamed(call: Call, asked: OpenArguments): Outcome | Later | number {
  for (let attempt = 0; attempt < OPEN_ATTEMPTS_MAX; attempt++) {
    const walked = call.walk(asked.path, leading(asked), {
      procfs: call.supervised ? "open" : "never",
      makes: asked.creates,
      objectOnly: !asked.creates,
      resolve: asked.resolve,
    });
    // In a sealed domain procfs is not looked up.
    if (walked.kind !== "place" && !call.supervised) return noPlace(call, asked.path, walked);
    if (walked.kind === "descriptor") return walked.number;
    if (walked.kind === "object") return openDescriptor(call, asked, walked.fd);
    const own =
      walked.kind === "procfs" ? judgeProcLink(call, walked.process, asked.path.text) : null;
    if (walked.kind === "error" && walked.errno === E.NOENT && isWholeName(asked.path.text))
      return absent(call, asked, asked.path.text);
    if (walked.kind !== "place") return own ?? noPlace(call, asked.path, walked);
    const outcome = openPlace(call, asked, walked.place);
    if (outcome !== "again") return outcome;
  }
  return unable(E.AGAIN, call.name, shown(asked.path.text));
}

/** A name with a final slash cannot be made as a file, so a link of that name is not followed. */
function leading({ creates, path, follow }: OpenArguments): Follow {
  return creates && path.text.endsWith("/") ? "never" : follow;
}

function openPlace(call: Call, asked: OpenArguments, place: Place): Outcome | Later | "again" {
  const { object } = place;
  if (asked.creates && place.slash && place.last !== ".") return error(E.ISDIR);
  if (object === null)
    return asked.creates ? makeFile(call, asked, place) : absent(call, asked, place.name);
  const type = object.stat.type;
  if (asked.creates && (asked.flags & abi.O_EXCL) !== 0) return error(E.EXIST);
  if (asked.creates && type === abi.S_IFDIR) return error(E.ISDIR);
  if ((asked.flags & abi.O_DIRECTORY) !== 0 && type !== abi.S_IFDIR) return error(E.NOTDIR);
  if (type === abi.S_IFLNK && (asked.flags & abi.O_PATH) === 0) return error(E.LOOP);
  if (place.last === ".") return openDescriptor(call, asked, object.fd, place);
  const refused =
    judgeProcEntry(call, place.name, isForWriting(asked.flags)) ?? judge(call, asked, place);
  if (refused !== null) return refused;
  if (call.fallsBack && lacksRequests(call, place.name, object.stat)) return error(E.NOSYS);
  if (asked.creates && isProtected(type) && inSharedDirectory(call, place)) return error(E.ACCES);
  return openObject(call, asked, object, place);
}

/** Not abstract, and the same wherever the call begins. */
function isWholeName(text: Bytes): boolean {
  return text.startsWith("/") && isCanonicalName(text);
}

/** It is asked for, and may be there another time: what grants it counts as used. */
function absent(call: Call, { flags }: OpenArguments, name: Bytes): Outcome {
  call.broker.grants.of(name, setOf(accesses(flags)));
  return error(E.NOENT);
}

function judge(call: Call, asked: OpenArguments, { name }: Place): Outcome | null {
  return asked.flags & abi.O_PATH ? null : lacking(call, name, accesses(asked.flags));
}

/**
 * A device that may be opened but not controlled (ioctl). Landlock enforces that for descriptors
 * opened inside its domain, and the mediator is in none.
 */
function lacksRequests(call: Call, name: Bytes, stat: Stat): boolean {
  return isDevice(stat) && missing(call.broker.grants.of(name, 0), ["ioctl"]) !== null;
}

function isForWriting(flags: number): boolean {
  return (flags & abi.O_PATH) === 0 && (flags & abi.O_ACCMODE) !== 0;
}

function isProtected(type: number): boolean {
  if (type === abi.S_IFREG) return protects("protected_regular");
  return type === abi.S_IFIFO && protects("protected_fifos");
}
