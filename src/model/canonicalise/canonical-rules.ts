import { alternatives, escapeName, parsePattern } from "../pattern.ts";
import { OF_THE_NAME, OF_THE_OBJECT, Permission, type PermissionSet } from "../permission.ts";
import { resolveName } from "../resolve-links.ts";
import type { NameRule } from "../rule.ts";
import type { Snapshot } from "../snapshot.ts";
import { splitPattern } from "./split-pattern.ts";

/**
 * `own`: the domain may create the link, or a directory above it. `foreign`: a user other than root
 * and the caller may exchange one of them.
 */
export type Doubt = "own" | "foreign";

/** `loop`: too many links. `too-long`: no pattern can spell where it leads. */
export interface Unfollowed {
  readonly rule: NameRule;
  readonly link: string;
  readonly why: Doubt | "loop" | "too-long";
}

/**
 * What can be done to a link itself (symlink(7)). lchown(2) is why attributes apply to the link and
 * to its target.
 */
const ofTheLink: PermissionSet = OF_THE_NAME | Permission.attributes;

/** `doubtOf` is asked for each link of a grant by its canonical name. */
export class Rewriting {
  readonly rules: NameRule[] = [];
  readonly resolved = new Map<string, string>();
  readonly unfollowed: Unfollowed[] = [];
  readonly followed = new Set<string>();
  private readonly snapshot: Snapshot;
  private readonly doubtOf: (link: string) => Doubt | null;

  constructor(
    rules: readonly NameRule[],
    snapshot: Snapshot,
    doubtOf: (link: string) => Doubt | null,
  ) {
    this.snapshot = snapshot;
    this.doubtOf = doubtOf;
    for (const rule of rules) this.rules.push(...this.rewriteRule(rule));
  }

  /** Each alternative of the braces separately. If none changes, the rule stays one. */
  private rewriteRule(rule: NameRule): readonly NameRule[] {
    const parsed = parsePattern(rule.pattern);
    if ("problem" in parsed) return [rule];
    const texts = alternatives(parsed.pattern);
    const rewritten = texts.flatMap((pattern) => this.rewrite({ ...rule, pattern }));
    const isSame =
      rewritten.length === texts.length &&
      rewritten.every(({ pattern }, at) => pattern === texts[at]);
    return isSame ? [rule] : rewritten;
  }

  private rewrite(rule: NameRule): readonly NameRule[] {
    // Abstract socket names contain no links.
    if (!rule.pattern.startsWith("/")) return [rule];
    const { directory, rest } = splitPattern(rule.pattern);
    const itself = rest === "" ? this.canonical(rule, directory, false) : null;
    const isOfTheLink =
      rest === "" && rule.effect === "allow" && (rule.permissions & OF_THE_OBJECT) === 0;
    const target = isOfTheLink ? itself : this.canonical(rule, directory, true);
    const patterns = [itself, target].flatMap((name) =>
      name === null ? [] : [joined(name, rest)],
    );
    if (patterns.length === 0) return [rule];
    // A denial applies to every name that a file has, or had when the rule was written.
    if (rule.effect === "deny")
      return unique([rule.pattern, ...patterns]).map((pattern) => ({ ...rule, pattern }));
    if (itself === null || target === null || itself === target)
      return [{ ...rule, pattern: patterns[0] as string }];
    const sides = [
      { ...rule, pattern: patterns[0] as string, permissions: rule.permissions & ofTheLink },
      { ...rule, pattern: patterns[1] as string, permissions: rule.permissions & OF_THE_OBJECT },
    ];
    return sides.filter(({ permissions }) => permissions !== 0);
  }

  /** As a pattern; null if there is none, which is recorded. */
  private canonical(rule: NameRule, name: string, last: boolean): string | null {
    const isDeny = rule.effect === "deny";
    let doubt = null as Doubt | null;
    const result = resolveName(name, this.snapshot, last, (link) => {
      doubt = isDeny ? null : this.doubtOf(link);
      if (doubt === null) this.followed.add(link);
      return doubt === null;
    });
    if (result.kind !== "name") {
      this.note({ rule, link: result.link, why: doubt ?? "loop" });
      return null;
    }
    const pattern = escapeName(result.path);
    if ("problem" in parsePattern(pattern)) {
      this.note({ rule, link: name, why: "too-long" });
      return null;
    }
    if (last && result.path !== name) this.resolved.set(name, result.path);
    return pattern;
  }

  private note(entry: Unfollowed): void {
    const isKnown = this.unfollowed.some(
      ({ rule, link }) => rule.source === entry.rule.source && link === entry.link,
    );
    if (!isKnown) this.unfollowed.push(entry);
  }
}

function joined(directory: string, rest: string): string {
  return directory === "/" && rest !== "" ? rest : `${directory}${rest}`;
}

function unique(texts: readonly string[]): readonly string[] {
  return [...new Set(texts)];
}
