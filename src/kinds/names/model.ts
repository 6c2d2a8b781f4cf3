import { actingCharacters } from "../../base/printable.ts";
import * as is from "../../base/schema.ts";
import { type Automaton, walkName } from "../../model/automaton/automaton.ts";
import { buildAutomaton } from "../../model/automaton/build.ts";
import { AutomatonTooLarge } from "../../model/automaton/too-large.ts";
import { isCanonicalName } from "../../model/canonical-name.ts";
import { denied, firstDenyElseAllow } from "../../model/decide/verdict-of-rules.ts";
import { gains } from "../../model/gain.ts";
import { bytesOfName, nameOfBytes } from "../../model/name-bytes.ts";
import { SLASH } from "../../model/pattern/byte-set.ts";
import { escapeName, matches, type ParsedPattern, parsePattern } from "../../model/pattern.ts";
import { formatLetters, Permission, type PermissionSet } from "../../model/permission.ts";
import type { NameRule } from "../../model/rule.ts";
import type { RuleKind } from "../../model/rule-kind.ts";
import { kernelGrants, kernelHeld } from "../../model/sealed-view/kernel-grants.ts";
import type { SealedView } from "../../model/sealed-view/types.ts";
import type { Decision } from "../../model/verdict.ts";

/**
 * A name is bytes and need not be UTF-8. Text stands for itself; a name with a control character or
 * an invalid byte is written as its bytes, since programs differ in how they read such text.
 */
export type LoggedName = string | { readonly base64: string };

const base64 = is.object({ base64: is.matching(/^[A-Za-z0-9+/]*={0,2}$/) });
/** A {@link LoggedName}, as the name that it stands for. */
const name: is.Schema<string> = {
  read: (value) =>
    typeof value === "string"
      ? value
      : nameOfBytes(Buffer.from(base64.read(value).base64, "base64")),
};

/**
 * An operation on one name. `path` is canonical: absolute, no symbolic link, no `.`, `..` or `//`;
 * or an abstract socket's `@name`.
 */
const nameRequest = is.object({
  class: is.oneOf("name"),
  operation: is.oneOfNames(Permission),
  path: name,
  /** What the name leads to now, for decisions on a snapshot; left out where it does not matter. */
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
  /** `to` exists and is replaced. */
  replaces: is.boolean,
});
export type TwoNameRequest = is.Described<typeof twoNameRequest>;

interface Line {
  readonly section: "files" | "network";
  readonly line: string;
}

/** Files and unix sockets, one name at a time. */
export const names: RuleKind<NameRule, NameRequest> = {
  request: nameRequest,
  decide: judgeName,
  suggest: suggestName,
  spell({ operation, path }) {
    const isSocket = operation === "connect" || operation === "listen";
    return isSocket ? `${operation} unix ${path}` : `${operation} ${path}`;
  },
};

/** What gives one object two names, at once or one after the other. */
export const twoNames: RuleKind<NameRule, TwoNameRequest> = {
  request: twoNameRequest,
  decide: judgeTwoNames,
  suggest: suggestTwoNames,
  spell: ({ operation, from, to }) => `${operation} ${from} ${to}`,
};

/** As a record of the log holds it; `names.request` reads it back. */
export function loggedName(asked: NameRequest) {
  return { ...asked, path: logged(asked.path) };
}

/** As a record of the log holds it; `twoNames.request` reads it back. */
export function loggedTwoNames(asked: TwoNameRequest) {
  return { ...asked, from: logged(asked.from), to: logged(asked.to) };
}

const ESCAPED_BYTE = /\p{Surrogate}/u;

function logged(name: string): LoggedName {
  const isPlain = !ESCAPED_BYTE.test(name) && name.search(actingCharacters) < 0;
  return isPlain ? name : { base64: Buffer.from(bytesOfName(name)).toString("base64") };
}

/**
 * One operation on one name. Executing is reading too: execve opens the file for both (fs/exec.c,
 * do_open_execat), and so every engine sees it.
 */
function judgeName(
  rules: readonly NameRule[],
  request: NameRequest,
  sealed?: SealedView,
): Decision {
  const decision = judgeOperation(rules, request, sealed);
  if (request.operation !== "execute" || decision.outcome === "denied") return decision;
  const read = judgeOperation(rules, { ...request, operation: "read" }, sealed);
  return read.outcome === "denied" ? read : decision;
}

function judgeOperation(
  rules: readonly NameRule[],
  request: NameRequest,
  sealed?: SealedView,
): Decision {
  const permission = Permission[request.operation];
  const decision = judge(rules, request.path, permission);
  if (decision.outcome === "denied" || sealed === undefined || (permission & kernelHeld) === 0)
    return decision;
  const held = kernelGrants(sealed, request.path, request.inode ?? null);
  return (held & permission) === 0 ? denied("late-name") : decision;
}

/**
 * A rename removes one name and makes another, a link makes one; the object may not gain
 * permissions by it. Everything below a renamed directory changes its name too, so that what is
 * needed for the directory is needed for every such name: otherwise a rename of the directory would
 * get around a deny below it.
 */
function judgeTwoNames(rules: readonly NameRule[], request: TwoNameRequest): Decision {
  const created = judge(rules, request.to, Permission.create);
  if (created.outcome === "denied") return created;
  if (request.operation === "rename") {
    const removed = judge(rules, request.from, Permission.delete);
    if (removed.outcome === "denied") return removed;
    const replaced = request.replaces ? judge(rules, request.to, Permission.delete) : removed;
    if (replaced.outcome === "denied") return replaced;
  }
  // The root has no other name; and a link's source is judged by no rule above.
  if (request.from === "/" || request.to === "/" || !isCanonicalName(request.from))
    return denied("no-rule");
  const automaton = automatonOf(rules);
  if (automaton === null) return denied("gain");
  const from = walkName(automaton, request.from);
  const to = walkName(automaton, request.to);
  if (request.directory) {
    const below = (state: number) => automaton.uniform(automaton.step(state, SLASH));
    if ((below(to) & Permission.create) === 0 || (below(from) & Permission.delete) === 0)
      return denied("no-rule");
  }
  return gains(automaton, from, to, request.directory) === 0 ? created : denied("gain");
}

/** Rules are matched as they are written, not through the automaton. */
function judge(rules: readonly NameRule[], path: string, permission: PermissionSet): Decision {
  if (!isCanonicalName(path)) return denied("no-rule");
  const bytes = bytesOfName(path);
  return firstDenyElseAllow(rules, (rule) => {
    if ((rule.permissions & permission) === 0) return false;
    const parsed = parsedPattern(rule);
    // A policy is checked before it gets here. Should one not be: what cannot be read denies all
    // and allows nothing.
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

const automata = new WeakMap<readonly NameRule[], Automaton | null>();

/** Null where the rules are too many to compare names by; then every rename counts as a gain. */
function automatonOf(rules: readonly NameRule[]): Automaton | null {
  const known = automata.get(rules);
  if (known !== undefined) return known;
  const automaton = tryBuild(rules.filter((rule) => !("problem" in parsedPattern(rule))));
  automata.set(rules, automaton);
  return automaton;
}

function tryBuild(rules: readonly NameRule[]): Automaton | null {
  try {
    return buildAutomaton(rules);
  } catch (error) {
    if (error instanceof AutomatonTooLarge) return null;
    throw error;
  }
}

function suggestName({ operation, path }: NameRequest): Line | null {
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

function suggestTwoNames({ operation, from, to, directory }: TwoNameRequest): Line | null {
  if (![from, to].every((path) => path.startsWith("/") && path !== "/" && isCanonicalName(path)))
    return null;
  // No file system links directories.
  if (operation === "link") return directory ? null : files(Permission.create, [to]);
  const names = files(Permission.create | Permission.delete, [from, to]);
  if (names === null || !directory) return names;
  const [, fromPattern, toPattern] = names.line.split(" ") as [string, string, string];
  return { section: "files", line: `${names.line} ${fromPattern}/** ${toPattern}/**` };
}

function files(permissions: PermissionSet, paths: readonly string[]): Line | null {
  if (!paths.every((path) => path.startsWith("/"))) return null;
  const patterns = paths.map(lastingPattern);
  if (!patterns.every(isPattern)) return null;
  return { section: "files", line: [formatLetters(permissions), ...patterns].join(" ") };
}

/** It is not once escapes have made it too long. */
function isPattern(text: string): boolean {
  return "pattern" in parsePattern(text);
}

/**
 * The name itself; below a process's folder on procfs the same name of every process, since the
 * next one has another number.
 */
function lastingPattern(path: string): string {
  return escapeName(path).replace(/^\/proc\/\d+(?=\/)/, "/proc/[0-9]*");
}
