import { Permission } from "../../../model/permission.ts";
import { denyName } from "../../answer/deny.ts";
import { error, type Outcome, result, unable } from "../../answer/outcome.ts";
import { abi, E } from "../../sys/abi.ts";
import { errnoOf } from "../../sys/errno.ts";
import { type Bytes, fstat, readlinkat, type Stat, self, shown } from "../../sys/sys.ts";
import { canonical } from "../../walk/place.ts";
import type { Follow, PathArgument } from "../../walk/walk-context.ts";
import type { Call } from "../call.ts";
import type { Handler } from "../handler.ts";

export type Subject =
  | { readonly kind: "path"; readonly path: PathArgument; readonly follow: Follow }
  /** `open`: the call does not accept an O_PATH descriptor. */
  | { readonly kind: "number"; readonly number: number; readonly open: boolean }
  | { readonly kind: "copied"; readonly fd: number };

export interface Judged {
  readonly fd: number;
  readonly stat: Stat;
  readonly name: Bytes;
}

export interface Change {
  readonly subject: Subject | Outcome;
  /** Refuses what no grant allows on such an object; null if there is nothing to refuse. */
  readonly refuse?: (object: Judged) => Outcome | null;
  /** Changes the object itself, as the target. Returns 0 or a negated error number. */
  readonly change: (object: Judged) => number;
}

/**
 * Landlock does not check metadata calls, so CONTINUE is never the answer: the mediator changes the
 * object that it judged, with the target's rights.
 */
export function attributes(read: (call: Call) => Change | Outcome): Handler {
  return {
    continueIsSafe: () => false,
    answer(call) {
      const request = read(call);
      if ("kind" in request) return request;
      const { subject } = request;
      if (isOutcome(subject)) return subject;
      if (subject.kind !== "path") return byDescriptor(call, request, ownFile(call, subject));
      const outcome = call.asTarget(() => byPath(call, request, subject));
      // `/proc/self/fd/N` is descriptor N, which only the mediator's own rights can look up.
      return typeof outcome === "number"
        ? byDescriptor(call, request, call.target.linked(outcome))
        : outcome;
    },
  };
}

export function isOutcome(value: Subject | Outcome): value is Outcome {
  return value.kind !== "path" && value.kind !== "number" && value.kind !== "copied";
}

function ownFile(call: Call, subject: Exclude<Subject, { kind: "path" }>): number {
  if (subject.kind === "copied") return subject.fd;
  return subject.open
    ? call.target.openDescriptor(subject.number)
    : call.target.descriptor(subject.number);
}

function byDescriptor(call: Call, request: Change, fd: number): Outcome {
  if (fd < 0) return error(errnoOf(fd));
  return call.asTarget(() => {
    const stat = fstat(fd);
    return typeof stat === "number" ? error(stat) : apply(call, request, fd, stat);
  });
}

/** The outcome, or the number of the target's descriptor that the path means. */
function byPath(
  call: Call,
  request: Change,
  subject: Subject & { kind: "path" },
): Outcome | number {
  const walked = call.walk(subject.path, subject.follow);
  if (walked.kind === "error") return error(walked.errno);
  if (walked.kind === "descriptor") return walked.number;
  if (walked.kind !== "place")
    return unable(
      E.ACCES,
      call.name,
      `${shown(subject.path.text)} on a ${walked.kind} file system`,
    );
  const { object } = walked.place;
  return object === null ? error(E.NOENT) : apply(call, request, object.fd, object.stat);
}

function apply(call: Call, request: Change, fd: number, stat: Stat): Outcome {
  const name = nameless(fd, stat) ? "" : canonical(fd);
  if (typeof name === "number")
    return unable(E.ACCES, call.name, `an object that has no name any more: error ${name}`);
  if (name !== "") {
    const kind = call.broker.mounts.kind(stat.mount);
    if (kind !== "local")
      return unable(E.ACCES, call.name, `${shown(name)} on a ${kind} file system`);
    if ((call.broker.grants.of(name, Permission.attributes) & Permission.attributes) === 0)
      return denyName("attributes", name);
  }
  const object = { fd, stat, name };
  return request.refuse?.(object) ?? result(call.effect(() => request.change(object)));
}

const DELETED = " (deleted)";

/**
 * A pipe, socket, event descriptor, or file without any name. No policy can name it, and only
 * processes that hold it can reach it. A file may have further names, so the link count tells, not
 * the name by which it was opened.
 */
function nameless(fd: number, stat: Stat): boolean {
  const text = readlinkat(abi.AT_FDCWD, self(fd));
  if (typeof text === "number") return false;
  // Names of real files begin with a slash or with `(unreachable)`.
  if (/^[a-z_]+:/.test(text)) return true;
  return text.endsWith(DELETED) && stat.links === 0;
}
