import { xattrArgs } from "../../../kernel/structs.ts";
import { error, never, type Outcome } from "../../answer/outcome.ts";
import { XATTR_NAME_MAX } from "../../limits.ts";
import { abi, E } from "../../sys/abi.ts";
import { c, self, shown, sys } from "../../sys/sys.ts";
import type { Call } from "../call.ts";
import { attributes, type Change, isOutcome, type Subject } from "./attributes.ts";
import { subjectAt } from "./subject.ts";

interface Arguments {
  readonly subject: Subject;
  readonly name: bigint;
  /** null: the attribute is removed. */
  readonly value: { readonly at: bigint; readonly size: bigint; readonly flags: number } | null;
}

/**
 * setxattr, lsetxattr, fsetxattr, setxattrat, and the calls that remove. `security.*` is always
 * refused, because it holds file capabilities and labels.
 */
export const xattr = attributes((call): Change | Outcome => {
  const asked = call.name.endsWith("at") ? readAt(call) : readPlain(call);
  if ("kind" in asked) return asked;
  const { subject, value } = asked;
  const name = call.target.memory.string(asked.name, XATTR_NAME_MAX);
  if (name.startsWith("security.")) return never(E.PERM, call.name, shown(name));
  if (value === null)
    return { subject, change: (object) => sys("removexattr", c(self(object.fd)), c(name)) };
  if (value.size > BigInt(abi.XATTR_SIZE_MAX)) return error(E.TOOBIG);
  const bytes = call.target.memory.read(value.at, Number(value.size));
  return {
    subject,
    change: (object) =>
      sys("setxattr", c(self(object.fd)), c(name), bytes, bytes.length, value.flags),
  };
});

function readPlain(call: Call): Arguments {
  const removes = call.name.includes("remove");
  const value = removes ? null : { at: call.word(2), size: call.word(3), flags: call.int(4) };
  return { subject: subjectOf(call), name: call.word(1), value };
}

/** setxattrat and removexattrat, since Linux 6.13. */
function readAt(call: Call): Arguments | Outcome {
  const subject = subjectAt(call, call.unsigned(2), true);
  if (isOutcome(subject)) return subject;
  if (call.name === "removexattrat") return { subject, name: call.word(3), value: null };
  const size = call.word(5);
  if (size < BigInt(xattrArgs.size)) return error(E.INVAL);
  // A longer one has meaning only to a newer kernel.
  if (size > BigInt(xattrArgs.size)) return error(E.TOOBIG);
  const args = xattrArgs.decode(call.target.memory.read(call.word(4), Number(size)));
  const value = { at: args.value, size: BigInt(args.size), flags: args.flags | 0 };
  return { subject, name: call.word(3), value };
}

function subjectOf(call: Call): Subject {
  if (call.name.startsWith("f")) return { kind: "number", number: call.int(0), open: true };
  return {
    kind: "path",
    path: call.path(null, 0),
    follow: call.name.startsWith("l") ? "before-slash" : "always",
  };
}
