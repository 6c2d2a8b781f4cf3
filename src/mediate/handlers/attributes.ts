import { Permission } from "../../model/permission.ts";
import { E } from "../abi.ts";
import type { Call } from "../call.ts";
import { denyName } from "../deny.ts";
import type { Handler } from "../handler.ts";
import { error, type Outcome, result, unable } from "../outcome.ts";
import { canonical } from "../place.ts";
import { type Bytes, fstat, type Stat, shown } from "../sys.ts";
import type { Follow, PathArgument } from "../walk.ts";

/** What a metadata call wants changed: a name, or one of the target's descriptors. */
export type Subject =
  | { readonly kind: "path"; readonly path: PathArgument; readonly follow: Follow }
  | { readonly kind: "descriptor"; readonly number: number };

/** An object that was judged, held by an O_PATH descriptor of the mediator's. */
export interface Judged {
  readonly fd: number;
  readonly stat: Stat;
  readonly name: Bytes;
}

/**
 * A metadata call. Landlock does not see these at all, so CONTINUE is never an answer: the mediator changes the object it judged,
 * with the target's rights.
 */
export function attributes(
  read: (call: Call) => { subject: Subject | Outcome; change: (object: Judged) => number | Outcome } | Outcome,
): Handler {
  return {
    continueIsSafe: () => false,
    answer(call) {
      const request = read(call);
      if ("kind" in request) return request;
      const { subject } = request;
      if (isOutcome(subject)) return subject;
      const opened = subject.kind === "descriptor" ? call.target.descriptor(subject.number) : null;
      return call.asTarget(() => {
        const object = opened === null ? find(call, subject) : byDescriptor(opened);
        if ("kind" in object) return object;
        if (!object.nameless && (call.broker.grants.of(object.name) & Permission.attributes) === 0)
          return denyName("attributes", object.name);
        let refused: Outcome | null = null;
        const value = call.effect(() => {
          const changed = request.change(object);
          if (typeof changed === "number") return changed;
          refused = changed;
          return 0;
        });
        return refused ?? result(value);
      });
    },
  };
}

function isOutcome(value: Subject | Outcome): value is Outcome {
  return value.kind !== "path" && (value.kind !== "descriptor" || "fd" in value);
}

interface Found extends Judged {
  /** A pipe, a socket, an unlinked or never linked file: it has no name that a policy could speak of, and only its holders reach it. */
  readonly nameless: boolean;
}

function find(call: Call, subject: Subject): Found | Outcome {
  if (subject.kind !== "path") throw new TypeError("a descriptor is opened before");
  const walked = call.walk(subject.path, subject.follow);
  if (walked.kind === "error") return error(walked.errno);
  if (walked.kind === "descriptor") return unable(E.ACCES, call.name, shown(subject.path.text));
  if (walked.kind !== "place")
    return unable(E.ACCES, call.name, `${shown(subject.path.text)} on a ${walked.kind} file system`);
  return walked.place.object === null ? error(E.NOENT) : named(walked.place.object.fd, walked.place.object.stat);
}

function byDescriptor(fd: number): Found | Outcome {
  if (fd < 0) return error(-fd);
  const stat = fstat(fd);
  return typeof stat === "number" ? error(-stat) : named(fd, stat);
}

function named(fd: number, stat: Stat): Found {
  const name = canonical(fd);
  return typeof name === "number" ? { fd, stat, name: "", nameless: true } : { fd, stat, name, nameless: false };
}
