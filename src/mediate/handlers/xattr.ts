import { abi, E } from "../abi.ts";
import type { Call } from "../call.ts";
import type { Handler } from "../handler.ts";
import { XATTR_NAME_MAX } from "../limits.ts";
import { error, unable } from "../outcome.ts";
import { c, self, shown, sys } from "../sys.ts";
import { attributes, type Subject } from "./attributes.ts";

const E2BIG = 7;

/** setxattr, lsetxattr, fsetxattr and their remove kin. `security.*` never: it holds file capabilities and labels. */
export const xattr: Handler = attributes((call) => {
  const name = call.target.memory.string(call.word(1), XATTR_NAME_MAX);
  if (name.startsWith("security.")) return unable(E.PERM, call.name, shown(name));
  if (call.name.includes("remove")) {
    return { subject: subjectOf(call), change: (object) => sys("removexattr", c(self(object.fd)), c(name)) };
  }
  const size = call.word(3);
  if (size > BigInt(abi.XATTR_SIZE_MAX)) return error(E2BIG);
  const value = call.target.memory.read(call.word(2), Number(size));
  const flags = call.int(4);
  return {
    subject: subjectOf(call),
    change: (object) => sys("setxattr", c(self(object.fd)), c(name), value, value.length, flags),
  };
});

function subjectOf(call: Call): Subject {
  if (call.name.startsWith("f")) return { kind: "descriptor", number: call.int(0) };
  return { kind: "path", path: call.path(null, 0), follow: call.name.startsWith("l") ? "before-slash" : "always" };
}
