import { MODE_BITS } from "../../../base/modes.ts";
import { never, type Outcome } from "../../answer/outcome.ts";
import { abi, E } from "../../sys/abi.ts";
import { c, self, shown, sys } from "../../sys/sys.ts";
import type { Call } from "../call.ts";
import type { Handler } from "../handler.ts";
import { attributes, type Judged, type Subject } from "./attributes.ts";
import { subjectAt } from "./subject.ts";

/** chmod, fchmod, fchmodat, fchmodat2. */
export const mode: Handler = attributes((call) => {
  const subject = subjectOf(call);
  const bits = call.unsigned(call.name === "chmod" || call.name === "fchmod" ? 1 : 2) & MODE_BITS;
  return {
    subject,
    refuse: (object) => refuse(object, bits),
    change: (object) => change(object, bits),
  };
});

function subjectOf(call: Call): Subject | Outcome {
  switch (call.name) {
    case "chmod":
      return { kind: "path", path: call.path(null, 0), follow: "always" };
    case "fchmod":
      return { kind: "number", number: call.int(0), open: true };
    case "fchmodat":
      return { kind: "path", path: call.path(0, 1), follow: "always" };
    default:
      return subjectAt(call, call.unsigned(3));
  }
}

/**
 * A set-id file would give the daemon's identity to any process that executes it. On a directory
 * set-gid only makes files inherit the group.
 */
function refuse({ stat, name }: Judged, bits: number): Outcome | null {
  const setId = bits & (stat.type === abi.S_IFDIR ? abi.S_ISUID : abi.S_ISUID | abi.S_ISGID);
  return setId === 0 ? null : never(E.PERM, "set-id bits", shown(name));
}

function change({ fd, stat }: Judged, bits: number): number {
  return stat.type === abi.S_IFLNK
    ? -E.OPNOTSUPP
    : sys("fchmodat", abi.AT_FDCWD, c(self(fd)), bits);
}
