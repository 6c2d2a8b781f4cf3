import {
  __O_TMPFILE,
  AT_EMPTY_PATH,
  AT_REMOVEDIR,
  AT_SYMLINK_FOLLOW,
  AT_SYMLINK_NOFOLLOW,
  O_ACCMODE,
  O_CREAT,
  O_NOFOLLOW,
  O_PATH,
  O_TRUNC,
  O_WRONLY,
  RENAME_EXCHANGE,
  S_IFBLK,
  S_IFCHR,
  S_IFMT,
} from "../constants.ts";
import type { Follow, Need, PathArgument, Value } from "./argument.ts";
import type { NameCall } from "./call.ts";
import { allow, ifBits, notify, type Verdict } from "./verdict.ts";

const register = (argument: number): Value => ({ kind: "register", argument });
const fixed = (value: number): Value => ({ kind: "fixed", value });
/** `struct open_how` (openat2(2)): flags, mode, resolve, eight bytes each. */
const how = (offset: 0 | 8): Value => ({ kind: "memory", pointer: 2, offset, bytes: 8 });

const always: Follow = { kind: "always" };
const never: Follow = { kind: "never" };
const unless = (flags: Value, bits: number): Follow => ({ kind: "unless", flags, bits });
const onlyIf = (flags: Value, bits: number): Follow => ({ kind: "only-if", flags, bits });

const need = (
  role: Need["role"],
  permission: Need["permission"],
  condition: Need["if"] = "always",
): Need => ({
  role,
  permission,
  if: condition,
});

const object = (directory: number | null, path: number, follow: Follow): PathArgument => ({
  ...{ role: "object", directory, path, follow },
});

/** The path of an -at call whose flags may say AT_EMPTY_PATH and AT_SYMLINK_NOFOLLOW. */
const objectAt = (directory: number, path: number, flags: number): PathArgument => ({
  ...object(directory, path, unless(register(flags), AT_SYMLINK_NOFOLLOW)),
  empty: { flags: register(flags), bits: AT_EMPTY_PATH },
});

/**
 * open(2): an O_PATH descriptor reads and writes nothing. O_CREAT makes the name only if it is
 * absent; O_TMPFILE makes a file that may be linked anywhere below.
 */
function opens(flags: number): Need[] {
  if ((flags & O_PATH) !== 0) return [];
  const temporary = (flags & __O_TMPFILE) !== 0;
  const needs: Need[] = [];
  if (temporary) needs.push(need("object", "create", "below"));
  else if ((flags & O_CREAT) !== 0) needs.push(need("object", "create", "made"));
  const where = temporary ? "below" : "always";
  const access = flags & O_ACCMODE;
  if (access !== O_WRONLY) needs.push(need("object", "read", where));
  if (access !== 0 || (flags & O_TRUNC) !== 0) needs.push(need("object", "write", where));
  return needs;
}

/**
 * rename(2): the old name goes, the new one comes and may take another's place; an exchange does
 * both at both ends.
 */
function renames(flags: number): Need[] {
  const plain = [need("from", "delete"), need("to", "create"), need("to", "delete", "there")];
  return (flags & RENAME_EXCHANGE) === 0 ? plain : [...plain, need("from", "create")];
}

const makes = (): Need[] => [need("object", "create")];
const removes = (): Need[] => [need("object", "delete")];
const changes = (): Need[] => [need("object", "attributes")];

const mknodCapability = (mode: number): string | null =>
  [S_IFCHR, S_IFBLK].includes(mode & S_IFMT) ? "mknod" : null;

type Rest = Partial<Omit<NameCall, "class" | "name" | "paths" | "needs">>;

function row(
  name: string,
  paths: readonly PathArgument[],
  needs: NameCall["needs"],
  rest: Rest = {},
): NameCall {
  return {
    class: "name",
    name,
    when: notify,
    voids: [],
    paths,
    flags: null,
    mode: null,
    needs,
    ...rest,
  };
}

/** An O_PATH descriptor gives nothing that stat would not; flags in a register say so. */
const openWhen = (flags: number): Verdict => ifBits(flags, O_PATH, allow, notify);
const openFollow = (flags: Value): Follow => unless(flags, O_NOFOLLOW);

/**
 * A path that led somewhere may lead elsewhere; what only makes names leaves the others as they
 * were.
 */
const voids: NameCall["voids"] = ["names"];

const two = (
  fromDirectory: number | null,
  from: number,
  toDirectory: number | null,
  to: number,
  follow: Follow,
) =>
  [
    { role: "from", directory: fromDirectory, path: from, follow },
    { role: "to", directory: toDirectory, path: to, follow: never },
  ] as const satisfies PathArgument[];

const DEVICES = "as its needs say; device nodes, whiteouts and set-id bits are refused";
const ATTRIBUTES =
  "done by the mediator on the object it checked, which must be granted `a`; a set-id bit is refused";

/**
 * Calls that take a path and do something to what it names. Made with O_CREAT|O_EXCL, and by link,
 * mkdir, mknod, symlink, rename: no link at the end is followed (of open see open(2)).
 */
export const nameCalls: readonly NameCall[] = [
  row("open", [object(null, 0, openFollow(register(1)))], opens, {
    ...{ flags: register(1), mode: register(2), when: openWhen(1) },
  }),
  row("openat", [object(0, 1, openFollow(register(2)))], opens, {
    ...{ flags: register(2), mode: register(3), when: openWhen(2) },
  }),
  row("openat2", [object(0, 1, openFollow(how(0)))], opens, {
    ...{ flags: how(0), mode: how(8) },
    enforcing: "as openat, on a copy of its flags; RESOLVE_* are kept",
  }),
  row("creat", [object(null, 0, always)], opens, {
    ...{ flags: fixed(O_CREAT | O_WRONLY | O_TRUNC), mode: register(1) },
  }),
  row("mkdir", [object(null, 0, never)], makes, { mode: register(1) }),
  row("mkdirat", [object(0, 1, never)], makes, { mode: register(2) }),
  row("mknod", [object(null, 0, never)], makes, {
    ...{ mode: register(1), capability: mknodCapability, enforcing: DEVICES },
  }),
  row("mknodat", [object(0, 1, never)], makes, {
    ...{ mode: register(2), capability: mknodCapability, enforcing: DEVICES },
  }),
  row("symlink", [object(null, 1, never)], makes),
  row("symlinkat", [object(1, 2, never)], makes),
  row("link", two(null, 0, null, 1, never), () => [need("to", "create")], { twoNames: "link" }),
  row(
    "linkat",
    two(0, 1, 2, 3, onlyIf(register(4), AT_SYMLINK_FOLLOW)).map((path) =>
      path.role === "from" ? { ...path, empty: { flags: register(4), bits: AT_EMPTY_PATH } } : path,
    ),
    () => [need("to", "create")],
    { flags: register(4), twoNames: "link" },
  ),
  row("unlink", [object(null, 0, never)], removes, { voids }),
  row("unlinkat", [object(0, 1, never)], removes, { flags: register(2), voids }),
  row("rmdir", [object(null, 0, never)], removes, { flags: fixed(AT_REMOVEDIR), voids }),
  row("rename", two(null, 0, null, 1, never), renames, { twoNames: "rename", voids }),
  row("renameat", two(0, 1, 2, 3, never), renames, { twoNames: "rename", voids }),
  row("renameat2", two(0, 1, 2, 3, never), renames, {
    ...{
      flags: register(4),
      twoNames: "rename",
      voids,
      enforcing: "as its needs say; RENAME_WHITEOUT is refused",
    },
  }),
  row("truncate", [object(null, 0, always)], () => [need("object", "write")]),
  row("chmod", [object(null, 0, always)], changes, { mode: register(1), enforcing: ATTRIBUTES }),
  row("fchmodat", [object(0, 1, always)], changes, { mode: register(2), enforcing: ATTRIBUTES }),
  row("fchmodat2", [objectAt(0, 1, 3)], changes, {
    flags: register(3),
    mode: register(2),
    enforcing: ATTRIBUTES,
  }),
  row("chown", [object(null, 0, always)], changes),
  row("lchown", [object(null, 0, never)], changes),
  row("fchownat", [objectAt(0, 1, 4)], changes, { flags: register(4) }),
  row("utime", [object(null, 0, always)], changes),
  row("utimes", [object(null, 0, always)], changes),
  row("futimesat", [{ ...object(0, 1, always), nullIsDescriptor: true }], changes),
  row("utimensat", [{ ...objectAt(0, 1, 3), nullIsDescriptor: true }], changes, {
    flags: register(3),
  }),
  row("setxattr", [object(null, 0, always)], changes),
  row("lsetxattr", [object(null, 0, never)], changes),
  row("setxattrat", [objectAt(0, 1, 2)], changes, { flags: register(2) }),
  row("removexattr", [object(null, 0, always)], changes),
  row("lremovexattr", [object(null, 0, never)], changes),
  row("removexattrat", [objectAt(0, 1, 2)], changes, { flags: register(2) }),
  row("file_setattr", [objectAt(0, 1, 4)], changes, { flags: register(4) }),
];
