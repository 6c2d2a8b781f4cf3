import { unprintable } from "../../base/printable.ts";
import * as is from "../../base/schema.ts";
import { isCanonicalName } from "../../model/canonical-name.ts";
import { type Change, effectOf } from "../../model/change.ts";
import { namesBelow } from "../../model/decide/names-below.ts";
import { allOf, denied, firstDenyElseAllow } from "../../model/decide/verdict-of-rules.ts";
import { bytesOfName, nameOfBytes } from "../../model/name-bytes.ts";
import {
  coverage,
  escapeName,
  matches,
  type ParsedPattern,
  parsePattern,
} from "../../model/pattern.ts";
import {
  allPermissions,
  formatLetters,
  OF_THE_OBJECT,
  Permission,
  type PermissionSet,
  permissionLetters,
} from "../../model/permission.ts";
import { ANY_NUMBER, isProcessFolder } from "../../model/process-folder.ts";
import type { NameRule } from "../../model/rule.ts";
import type { Near, RuleKind, RuleLine } from "../../model/rule-kind.ts";
import { brokeredLate, kernelGrants, kernelHeld } from "../../model/sealed-view/kernel-grants.ts";
import type { SealedView } from "../../model/sealed-view/types.ts";
import type { Decision } from "../../model/verdict.ts";
import { nameChanges, nameOfEachPair } from "./difference/model.ts";
import { nearestName } from "./nearest/model.ts";

/**
 * A name is bytes and need not be UTF-8. A name with a control character or an invalid byte is
 * logged as base64, because programs differ in how they read such text.
 */
type LoggedName = string | { readonly base64: string };

const base64 = is.object({ base64: is.matching(/^[A-Za-z0-9+/]*={0,2}$/) });
const name: is.Schema<string> = {
  read: (value) =>
    typeof value === "string"
      ? value
      : nameOfBytes(Buffer.from(base64.read(value).base64, "base64")),
};

/**
 * `path` is canonical: absolute, no symbolic link, no `.`, `..` or `//`; or an abstract socket's
 * `@name`.
 */
const nameRequest = is.object({
  class: is.oneOf("name"),
  operation: is.oneOfNames(Permission),
  path: name,
  /** For decisions on a snapshot, which depend on the inode behind the name. */
  inode: is.optional(is.text),
});
export type NameRequest = is.Described<typeof nameRequest>;

/**
 * `rename`: `from` disappears and `to` appears, replacing what was there. `link`: `to` becomes a
 * second name of `from`.
 */
const twoNameRequest = is.object({
  class: is.oneOf("two-names"),
  operation: is.oneOf("rename", "link"),
  from: name,
  to: name,
  /** The object is a directory, so that everything below it changes its name too. */
  directory: is.boolean,
  replaces: is.boolean,
});
export type TwoNameRequest = is.Described<typeof twoNameRequest>;

export const names: RuleKind<NameRule, NameRequest> = {
  request: nameRequest,
  decide: judgeName,
  suggest: suggestName,
  nearest: nearestToName,
  spell({ operation, path }) {
    const isSocket = operation === "connect" || operation === "listen";
    return isSocket ? `${operation} unix ${path}` : `${operation} ${path}`;
  },
  changes: nameChanges,
};

/** A link gives one object two names at the same time, a rename one after the other. */
export const twoNames: RuleKind<NameRule, TwoNameRequest> = {
  request: twoNameRequest,
  decide: judgeTwoNames,
  suggest: suggestTwoNames,
  nearest: (rules, request) => {
    const refused = refusedPart(rules, request);
    return refused === null ? null : nearestToName(rules, refused);
  },
  spell: ({ operation, from, to }) => `${operation} ${from} ${to}`,
  changes: twoNameChanges,
};

/**
 * Only of renames and links whose names are decided alike one by one. Such a difference comes from
 * `x` without `r`, which grants nothing but counts as gained.
 */
function twoNameChanges(a: readonly NameRule[], b: readonly NameRule[]): Change<TwoNameRequest>[] {
  const each = nameOfEachPair(a, b);
  const requests = each.flatMap((from) =>
    each.flatMap((to) =>
      [false, true].flatMap((replaces) =>
        (["link", "rename"] as const).map(
          (operation): TwoNameRequest => ({
            ...{ class: "two-names", operation, from, to },
            ...{ directory: false, replaces },
          }),
        ),
      ),
    ),
  );
  return (["allowed", "denied"] as const).flatMap((effect) => {
    const example = requests.find(
      (request) => effectOf(judgeTwoNames(a, request), judgeTwoNames(b, request)) === effect,
    );
    if (example === undefined) return [];
    const line = twoNames.spell(example);
    return [{ effect, section: "files", line, isPart: true, example }];
  });
}

/** `names.request` reads it back from the log. */
export function loggedName(asked: NameRequest) {
  return { ...asked, path: logged(asked.path) };
}

/** `twoNames.request` reads it back from the log. */
export function loggedTwoNames(asked: TwoNameRequest) {
  return { ...asked, from: logged(asked.from), to: logged(asked.to) };
}

function logged(name: string): LoggedName {
  const isPlain = name.search(unprintable) < 0;
  return isPlain ? name : { base64: Buffer.from(bytesOfName(name)).toString("base64") };
}

/**
 * Executing is reading, too: execve opens the file for both (fs/exec.c, do_open_execat), and so
 * every engine sees it. A sealed domain is not asked about mappings, so it maps what it may read.
 */
function judgeName(
  rules: readonly NameRule[],
  request: NameRequest,
  sealed?: SealedView,
): Decision {
  if (request.operation === "map" && sealed !== undefined)
    return judgeOperation(rules, { ...request, operation: "read" }, sealed);
  const decision = judgeOperation(rules, request, sealed);
  if (request.operation !== "execute") return decision;
  return allOf([decision, judgeOperation(rules, { ...request, operation: "read" }, sealed)]);
}

function judgeOperation(
  rules: readonly NameRule[],
  request: NameRequest,
  sealed?: SealedView,
): Decision {
  const permission = Permission[request.operation];
  const decision = judge(rules, request.path, permission);
  if (decision.outcome === "denied" || sealed === undefined) return decision;
  if ((permission & kernelHeld & ~brokeredLate(sealed.lateNames)) === 0) return decision;
  const held = kernelGrants(sealed, request.path, request.inode ?? null);
  return (held & permission) === 0 ? denied("late-name") : decision;
}

/**
 * A rename removes one name and makes another, a link makes one; the object may not gain
 * permissions by it. A rename of a directory renames everything below, so the permissions are
 * required for each such name: otherwise it would circumvent a denial below the directory.
 */
function judgeTwoNames(rules: readonly NameRule[], request: TwoNameRequest): Decision {
  const each = allOf(
    namesOf(request).map(({ operation, path }) => judge(rules, path, Permission[operation])) as [
      Decision,
    ],
  );
  if (each.outcome === "denied") return each;
  // The root has no other name. The rules above do not judge a link's source.
  if (request.from === "/" || request.to === "/" || !isCanonicalName(request.from))
    return denied("no-rule");
  const gained = gainedBy(rules, request);
  if (gained === "no-rule") return denied("no-rule");
  return gained === 0 ? each : denied("gain");
}

/** What a rename or link asks of its two names, one by one. */
export function namesOf({
  operation,
  from,
  to,
  replaces,
}: TwoNameRequest): readonly [NameRequest, ...NameRequest[]] {
  const ask = (operation: "create" | "delete", path: string) =>
    ({ class: "name", operation, path }) as const;
  const created = ask("create", to);
  if (operation === "link") return [created];
  return [created, ask("delete", from), ...(replaces ? [ask("delete", to)] : [])];
}

/**
 * Of what a rename or link asks of each name the part that is denied; null if none is by itself.
 */
export function refusedPart(
  rules: readonly NameRule[],
  request: TwoNameRequest,
): NameRequest | null {
  const isDenied = (one: NameRequest) => judgeName(rules, one).outcome === "denied";
  return namesOf(request).find(isDenied) ?? null;
}

function nearestToName(rules: readonly NameRule[], request: NameRequest): Near | null {
  const { operation, path } = request;
  if (!isCanonicalName(path)) return null;
  const isReading = operation === "execute" && judge(rules, path, Permission.execute).by !== null;
  return nearestName(rules, bytesOfName(path), Permission[isReading ? "read" : operation]);
}

/**
 * What the object, or one below it, would gain by its new name. `no-rule` if a name below it may
 * not be made or removed; everything if the rules distinguish too many names below it.
 */
function gainedBy(rules: readonly NameRule[], request: TwoNameRequest): PermissionSet | "no-rule" {
  const from = bytesOfName(request.from);
  const to = bytesOfName(request.to);
  let gained = granted(rules, to) & ~granted(rules, from) & OF_THE_OBJECT;
  for (const renamed of request.directory ? namesBelow(rules, from, to) : []) {
    if (renamed === null) return allPermissions;
    const { before, after } = renamed;
    if ((after & Permission.create) === 0 || (before & Permission.delete) === 0) return "no-rule";
    gained |= after & ~before;
  }
  return gained;
}

function judge(rules: readonly NameRule[], path: string, permission: PermissionSet): Decision {
  if (!isCanonicalName(path)) return denied("no-rule");
  const bytes = bytesOfName(path);
  return firstDenyElseAllow(rules, (rule) => {
    if ((rule.permissions & permission) === 0) return false;
    const parsed = parsedPattern(rule);
    // The policy was checked before. If a rule still cannot be read, a denial denies all and a
    // grant grants nothing.
    return "problem" in parsed
      ? rule.effect === "deny"
      : matches(parsed.pattern, bytes, permission);
  });
}

const parsedPatterns = new WeakMap<NameRule, ParsedPattern>();

function parsedPattern(rule: NameRule): ParsedPattern {
  const known = parsedPatterns.get(rule);
  if (known !== undefined) return known;
  const parsed = parsePattern(rule.pattern);
  parsedPatterns.set(rule, parsed);
  return parsed;
}

function granted(rules: readonly NameRule[], name: Uint8Array): PermissionSet {
  const said = { allow: 0, deny: 0 };
  for (const rule of rules) {
    const parsed = parsedPattern(rule);
    if ("problem" in parsed) continue;
    said[rule.effect] |= coverage(parsed.pattern, name) & rule.permissions;
  }
  return said.allow & ~said.deny;
}

function suggestName({ operation, path }: NameRequest): RuleLine | null {
  if (!isCanonicalName(path)) return null;
  if (operation === "connect" || operation === "listen") {
    const pattern = escapeName(path);
    if (!isPattern(pattern)) return null;
    return { section: "network", line: `${operation} unix ${pattern}` };
  }
  return files(
    operation === "execute" ? Permission.execute | Permission.read : Permission[operation],
    [path],
  );
}

/**
 * The object may gain nothing by its new name, so the line also gives the old name what the new one
 * has: for a file. For a folder it would give it to all names below both, which no request asked
 * for.
 */
function suggestTwoNames(request: TwoNameRequest, rules: readonly NameRule[]): RuleLine | null {
  const { operation, from, to, directory } = request;
  if (![from, to].every((path) => path.startsWith("/") && path !== "/" && isCanonicalName(path)))
    return null;
  // No file system links directories.
  if (operation === "link" && directory) return null;
  const made: Grant =
    operation === "link"
      ? { permissions: Permission.create, paths: [to] }
      : { permissions: Permission.create | Permission.delete, paths: [from, to] };
  const gained = gainedBy(withGrants(rules, [made], directory), request);
  if (gained === "no-rule" || (gained & ~everyLetter) !== 0) return null;
  const before: Grant = { permissions: gained, paths: [from] };
  const both: Grant = { permissions: made.permissions | gained, paths: [from, to] };
  const tried = gained === 0 ? [made] : directory ? [before] : [before, both];
  const helping = tried.find(
    (grant) => judgeTwoNames(withGrants(rules, [grant], directory), request).outcome === "granted",
  );
  return helping === undefined ? null : files(helping.permissions, helping.paths, directory);
}

const everyLetter = Object.values(permissionLetters).reduce((set, bit) => set | bit, 0);

/** Permissions on each of these names. */
interface Grant {
  readonly permissions: PermissionSet;
  readonly paths: readonly string[];
}

/** The rules of the line that `files` writes. */
function withGrants(
  rules: readonly NameRule[],
  grants: readonly Grant[],
  directory: boolean,
): readonly NameRule[] {
  const added = grants.flatMap(({ permissions, paths }) =>
    patternsOf(paths, directory).map(
      (pattern): NameRule => ({
        ...{ effect: "allow", permissions, pattern },
        source: { file: "", line: 0, column: 0, text: pattern },
      }),
    ),
  );
  return [...rules, ...added];
}

function patternsOf(paths: readonly string[], directory: boolean): readonly string[] {
  const patterns = paths.map(lastingPattern);
  return directory ? [...patterns, ...patterns.map((pattern) => `${pattern}/**`)] : patterns;
}

function files(
  permissions: PermissionSet,
  paths: readonly string[],
  directory = false,
): RuleLine | null {
  if (!paths.every((path) => path.startsWith("/"))) return null;
  const patterns = patternsOf(paths, directory);
  if (!patterns.every(isPattern)) return null;
  return { section: "files", line: [formatLetters(permissions), ...patterns].join(" ") };
}

/** Escapes may have made the text too long for a pattern. */
function isPattern(text: string): boolean {
  return "pattern" in parsePattern(text);
}

/**
 * The name itself, but below a process's folder on procfs the pattern for every process: it has
 * another number at its next start.
 */
function lastingPattern(path: string): string {
  const parts = path.split("/");
  const isAnyProcess = (at: number) => at < parts.length - 1 && isProcessFolder(parts, at);
  return parts.map((part, at) => (isAnyProcess(at) ? ANY_NUMBER : escapeName(part))).join("/");
}
