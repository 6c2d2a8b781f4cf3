import { type Outcome, unable } from "../../answer/outcome.ts";
import { abi, E } from "../../sys/abi.ts";
import { c, sys } from "../../sys/sys.ts";
import type { Call } from "../call.ts";
import type { Handler } from "../handler.ts";
import { attributes, type Subject } from "./attributes.ts";
import { subjectAt } from "./subject.ts";

/** chown, lchown, fchown, fchownat. The kernel itself removes set-id bits from files. */
export const owner: Handler = attributes((call) => {
  const first = call.name === "fchownat" ? 2 : 1;
  const [uid, gid] = [call.int(first), call.int(first + 1)];
  return {
    subject: subjectOf(call),
    refuse: () => (isMapped(call, gid) ? null : unable(E.PERM, call.name, NOT_MAPPED)),
    change: (object) => sys("fchownat", object.fd, c(""), uid, gid, abi.AT_EMPTY_PATH),
  };
});

const NOT_MAPPED = "a group that the caller's user namespace may not have";

/**
 * The kernel takes only ids that the caller's user namespace has. Of another namespace than the
 * mediator's, only the caller's own group is known to be there: it may have supplementary groups
 * from outside.
 */
function isMapped({ broker, target }: Call, gid: number): boolean {
  return broker.view.hasCapabilities || gid === KEEP || gid === target.credentials.effectiveGid;
}

/** chown(2): the id stays. */
const KEEP = -1;

function subjectOf(call: Call): Subject | Outcome {
  switch (call.name) {
    case "chown":
      return { kind: "path", path: call.path(null, 0), follow: "always" };
    case "lchown":
      return { kind: "path", path: call.path(null, 0), follow: "before-slash" };
    case "fchown":
      return { kind: "number", number: call.int(0), open: true };
    default:
      return subjectAt(call, call.unsigned(4));
  }
}
