import type { Outcome } from "../../answer/outcome.ts";
import { abi } from "../../sys/abi.ts";
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
    change: (object) => sys("fchownat", object.fd, c(""), uid, gid, abi.AT_EMPTY_PATH),
  };
});

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
