import { areBrokered } from "../../model/late-names.ts";
import {
  __O_TMPFILE,
  AT_EMPTY_PATH,
  AT_REMOVEDIR,
  AT_SYMLINK_FOLLOW,
  AT_SYMLINK_NOFOLLOW,
  EACCES,
  O_ACCMODE,
  O_CREAT,
  O_DIRECTORY,
  O_NOFOLLOW,
  O_NONBLOCK,
  O_PATH,
  O_TRUNC,
  O_WRONLY,
  RENAME_EXCHANGE,
  RENAME_WHITEOUT,
  S_IFBLK,
  S_IFCHR,
  S_IFMT,
  S_ISGID,
  S_ISUID,
} from "../constants.ts";
import type { Follow, Need, PathArgument, Value } from "./argument.ts";
import type { NameCall } from "./call.ts";
import { answering, everyUse, ifListed, type Sealed, type Supervised } from "./columns.ts";
import type { SealedContext } from "./sealed-context.ts";
import {
  absent,
  allow,
  ifBits,
  ifOneOf,
  notify,
  notifyOrAbsent,
  refuse,
  type Verdict,
} from "./verdict.ts";

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
): Need => ({ role, permission, if: condition });

const object = (directory: number | null, path: number, follow: Follow): PathArgument => ({
  role: "object",
  directory,
  path,
  follow,
});

/** The path of an -at call whose flags may contain AT_EMPTY_PATH and AT_SYMLINK_NOFOLLOW. */
const objectAt = (directory: number, path: number, flags: number): PathArgument => ({
  ...object(directory, path, unless(register(flags), AT_SYMLINK_NOFOLLOW)),
  empty: { flags: register(flags), bits: AT_EMPTY_PATH },
});

/**
 * open(2). An O_PATH descriptor reads and writes nothing. O_CREAT makes the name only if it is
 * absent. O_TMPFILE makes a file that may be linked anywhere below.
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
 * rename(2) removes the old name and makes the new one, perhaps in place of another file. An
 * exchange does both at both ends.
 */
function renames(flags: number): Need[] {
  const plain = [need("from", "delete"), need("to", "create"), need("to", "delete", "there")];
  return (flags & RENAME_EXCHANGE) === 0 ? plain : [...plain, need("from", "create")];
}

const makes = (): Need[] => [need("object", "create")];
const makesAnother = (): Need[] => [need("to", "create")];
const removes = (): Need[] => [need("object", "delete")];
const changes = (): Need[] => [need("object", "attributes")];

const mknodCapability = (mode: number): string | null =>
  [S_IFCHR, S_IFBLK].includes(mode & S_IFMT) ? "mknod" : null;

/**
 * In sealed domains Landlock checks names. The mediator is notified only for names that the policy
 * lets the domain make or remove and that Landlock cannot express. Its CONTINUE means "let Landlock
 * decide".
 */
const created = ({ brokered }: SealedContext): Verdict => (brokered.creates ? notify : allow);
const removed = ({ brokered }: SealedContext): Verdict => (brokered.deletes ? notify : allow);
const moved = ({ brokered }: SealedContext): Verdict =>
  brokered.creates || brokered.deletes || brokered.moves ? notify : allow;
const linked = ({ brokered }: SealedContext): Verdict =>
  brokered.creates || brokered.links ? notify : allow;

/** The broker does what the layer does for the names of the start. */
const late = ({ lateNames }: SealedContext, asked: Verdict): Verdict =>
  areBrokered(lateNames) ? asked : allow;
const opening = (context: SealedContext): Verdict =>
  areBrokered(context.lateNames) ? notify : created(context);

/**
 * An open that makes nothing. Landlock checks none with O_PATH. opendir(3) sets O_NONBLOCK too, but
 * only for a directory. `flags`: their register.
 */
const openingLate = (context: SealedContext, flags: number): Verdict => {
  const unlessPath = ifBits(flags, O_PATH, allow, notify);
  if (context.lateNames !== "brokered-blocking") return late(context, unlessPath);
  return ifOneOf(flags, [O_NONBLOCK], allow, unlessPath, O_NONBLOCK | O_DIRECTORY);
};

/**
 * A set-id file would give the daemon's identity to any process that executes it. Landlock does not
 * check the mode of files that are made.
 */
const unlessSetId = (mode: number, otherwise: Verdict): Verdict =>
  ifBits(mode, S_ISUID | S_ISGID, refuse, otherwise);

/** Before ABI 3 Landlock lets O_RDONLY|O_TRUNC empty a file that may only be read. */
function truncating(flags: number, { truncateHeld }: SealedContext, otherwise: Verdict): Verdict {
  if (truncateHeld) return otherwise;
  const refused = { kind: "errno", errno: EACCES } as const;
  return ifOneOf(flags, [O_TRUNC], refused, otherwise, O_TRUNC | O_ACCMODE);
}

/**
 * `flags`: the register with the flags; the mode follows it. Landlock checks no open with O_PATH,
 * which the kernel looks at before O_CREAT.
 */
const opened = (flags: number): Sealed =>
  ifListed(
    "only opens that may create are notified, and refused for set-id files; Landlock decides" +
      " everything else. With `late-names: brokered` every open without O_PATH is notified, and" +
      " with `brokered-blocking` those without O_NONBLOCK: the mediator opens the late names that" +
      " the policy grants",
    (context) =>
      ifBits(
        flags,
        O_CREAT | __O_TMPFILE,
        unlessSetId(flags + 1, opening(context)),
        truncating(flags, context, openingLate(context, flags)),
      ),
  );

const node = (mode: number): Sealed =>
  ifListed(
    "the mediator makes a name that Landlock cannot express; device nodes, whiteouts (a" +
      " device 0:0) and set-id files are refused",
    (context) =>
      ifOneOf(mode, [S_IFCHR, S_IFBLK], refuse, unlessSetId(mode, created(context)), S_IFMT),
  );

const MADE = ifListed("the mediator makes a name that Landlock cannot express", created);
const REMOVED = ifListed("the mediator removes a name that Landlock cannot express", removed);
const LINKED = ifListed(
  "for a link Landlock requires its right to move files (REFER) in the directory of the linked" +
    " file. The policy requires only that the new name has no permission that the old one lacks." +
    " So every link into a granted directory is notified",
  linked,
);
const MOVED = ifListed(
  "two names at once: notified where either may be brokered, or where Landlock may not move" +
    " files between the directories",
  moved,
);

/** Landlock does not check metadata at all. The mediator checks `a` on the object itself. */
const metadata = (why: string): Sealed => ifListed(why, () => notify);
export const MODE_AND_OWNER = metadata("the mediator changes mode and owner of the checked object");
export const XATTRS = metadata("the mediator changes extended attributes, access lists included");
const TIMES = metadata("the mediator changes times of the checked object");

/** An O_PATH descriptor reveals no more than stat; the flag is in a register. */
const unlessPath = (flags: number): Supervised => ({
  verdict: ifBits(flags, O_PATH, allow, notify),
});
const DEVICES = answering("as above; device nodes, whiteouts and set-id bits are refused");
const MODES = answering(
  "made by the mediator on the checked object, which must be granted `a`; a set-id bit is" +
    " refused",
);

type Rest = Partial<Omit<NameCall, "class" | "name" | "paths" | "needs" | "sealed">>;

function row(
  name: string,
  paths: readonly PathArgument[],
  needs: NameCall["needs"],
  sealed: Sealed,
  rest: Rest = {},
): NameCall {
  return {
    class: "name",
    name,
    voids: [],
    paths,
    flags: null,
    mode: null,
    needs,
    sealed,
    supervised: everyUse,
    ...rest,
  };
}

const openFollow = (flags: Value): Follow => unless(flags, O_NOFOLLOW);

/** A path may lead elsewhere after these. Calls that only make names change no other path. */
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

/** linkat with an empty path links the descriptor's file. */
const linkat = two(0, 1, 2, 3, onlyIf(register(4), AT_SYMLINK_FOLLOW)).map((path) =>
  path.role === "from" ? { ...path, empty: { flags: register(4), bits: AT_EMPTY_PATH } } : path,
);

const names: readonly NameCall[] = [
  row("open", [object(null, 0, openFollow(register(1)))], opens, opened(1), {
    flags: register(1),
    mode: register(2),
    supervised: unlessPath(1),
  }),
  row("openat", [object(0, 1, openFollow(register(2)))], opens, opened(2), {
    flags: register(2),
    mode: register(3),
    supervised: unlessPath(2),
  }),
  row(
    "openat2",
    [object(0, 1, openFollow(how(0)))],
    opens,
    ifListed(
      "flags, mode and RESOLVE_* lie in memory, where set-id bits could hide: the mediator makes" +
        " each call with a copy, for names that the policy grants. ENOSYS for what it cannot do" +
        " (O_PATH, procfs, devices without `i`), so that callers fall back to openat",
      (context) => (context.handsOver ? notifyOrAbsent : absent),
    ),
    {
      flags: how(0),
      mode: how(8),
      absent: true,
      supervised: answering("as openat, with a copy of its flags; RESOLVE_* apply"),
    },
  ),
  row(
    "creat",
    [object(null, 0, always)],
    opens,
    ifListed("as open", (context) => unlessSetId(1, opening(context))),
    { flags: fixed(O_CREAT | O_WRONLY | O_TRUNC), mode: register(1) },
  ),
  row("mkdir", [object(null, 0, never)], makes, MADE, { mode: register(1) }),
  row("mkdirat", [object(0, 1, never)], makes, MADE, { mode: register(2) }),
  row("mknod", [object(null, 0, never)], makes, node(1), {
    mode: register(1),
    capability: mknodCapability,
    supervised: DEVICES,
  }),
  row("mknodat", [object(0, 1, never)], makes, node(2), {
    mode: register(2),
    capability: mknodCapability,
    supervised: DEVICES,
  }),
  row("symlink", [object(null, 1, never)], makes, MADE),
  row("symlinkat", [object(1, 2, never)], makes, MADE),
  row("link", two(null, 0, null, 1, never), makesAnother, LINKED, { twoNames: "link" }),
  row("linkat", linkat, makesAnother, LINKED, { flags: register(4), twoNames: "link" }),
  row("unlink", [object(null, 0, never)], removes, REMOVED, { voids }),
  row("unlinkat", [object(0, 1, never)], removes, REMOVED, { flags: register(2), voids }),
  row("rmdir", [object(null, 0, never)], removes, REMOVED, { flags: fixed(AT_REMOVEDIR), voids }),
  row("rename", two(null, 0, null, 1, never), renames, MOVED, { twoNames: "rename", voids }),
  row("renameat", two(0, 1, 2, 3, never), renames, MOVED, { twoNames: "rename", voids }),
  row(
    "renameat2",
    two(0, 1, 2, 3, never),
    renames,
    ifListed(
      "as rename; RENAME_WHITEOUT makes a device node unseen by Landlock and is refused",
      (context) => ifBits(4, RENAME_WHITEOUT, refuse, moved(context)),
    ),
    {
      flags: register(4),
      twoNames: "rename",
      voids,
      supervised: answering("as above; RENAME_WHITEOUT is refused"),
    },
  ),
  row(
    "truncate",
    [object(null, 0, always)],
    () => [need("object", "write")],
    ifListed(
      "Landlock checks truncation from ABI 3 on; before that the mediator truncates, and with" +
        " brokered late names it truncates files under late names that the policy grants",
      (context) => (context.truncateHeld ? late(context, notify) : notify),
    ),
  ),
];

const attributes: readonly NameCall[] = [
  row("chmod", [object(null, 0, always)], changes, MODE_AND_OWNER, {
    mode: register(1),
    supervised: MODES,
  }),
  row("fchmodat", [object(0, 1, always)], changes, MODE_AND_OWNER, {
    mode: register(2),
    supervised: MODES,
  }),
  row("fchmodat2", [objectAt(0, 1, 3)], changes, MODE_AND_OWNER, {
    flags: register(3),
    mode: register(2),
    supervised: MODES,
  }),
  row("chown", [object(null, 0, always)], changes, MODE_AND_OWNER),
  row("lchown", [object(null, 0, never)], changes, MODE_AND_OWNER),
  row("fchownat", [objectAt(0, 1, 4)], changes, MODE_AND_OWNER, { flags: register(4) }),
  row("utime", [object(null, 0, always)], changes, TIMES),
  row("utimes", [object(null, 0, always)], changes, TIMES),
  row("futimesat", [{ ...object(0, 1, always), nullIsDescriptor: true }], changes, TIMES),
  row("utimensat", [{ ...objectAt(0, 1, 3), nullIsDescriptor: true }], changes, TIMES, {
    flags: register(3),
  }),
  row("setxattr", [object(null, 0, always)], changes, XATTRS),
  row("lsetxattr", [object(null, 0, never)], changes, XATTRS),
  row("setxattrat", [objectAt(0, 1, 2)], changes, XATTRS, { flags: register(2) }),
  row("removexattr", [object(null, 0, always)], changes, XATTRS),
  row("lremovexattr", [object(null, 0, never)], changes, XATTRS),
  row("removexattrat", [objectAt(0, 1, 2)], changes, XATTRS, { flags: register(2) }),
  row(
    "file_setattr",
    [objectAt(0, 1, 4)],
    changes,
    metadata("a read-only descriptor is enough to change inode flags"),
    { flags: register(4) },
  ),
];

/**
 * Calls that take a path and act on the file there. open with O_CREAT|O_EXCL, link, mkdir, mknod,
 * symlink and rename follow no link at the end (for open see open(2)).
 */
export const nameCalls: readonly NameCall[] = [...names, ...attributes];
