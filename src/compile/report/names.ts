import type { Canonicalised } from "../../model/canonicalise.ts";
import { bytesOfName } from "../../model/name-bytes.ts";
import { literalPrefix, matches, parsePattern } from "../../model/pattern.ts";
import type { NameRule } from "../../model/policy.ts";
import { kernelHeld } from "../../model/sealed-view/kernel-grants.ts";
import type { Deviation, SealedView } from "../../model/sealed-view.ts";
import type { PlanReport } from "../../plan/plan.ts";

/** The others are counted. */
const REPORT_NAMES_MAX = 50;
/**
 * Limit on the placements that are compared with each rule, so that a report stays cheaper than the
 * walk.
 */
const PLACEMENTS_COMPARED_MAX = 5_000;

/** Rules that became single inodes or were split around a denial, with the result. */
export function reportExpanded(
  rules: readonly NameRule[],
  view: SealedView,
): PlanReport["expanded"] {
  const placements = [...view.directories, ...view.inodes]
    .slice(0, PLACEMENTS_COMPARED_MAX)
    .map(({ path, rights }) => ({ path, rights, bytes: bytesOfName(path) }));
  return rules.flatMap((rule) => {
    const parsed = parsePattern(rule.pattern);
    if (rule.effect === "deny" || "problem" in parsed || (rule.permissions & kernelHeld) === 0)
      return [];
    const itself = literalPrefix(parsed.pattern);
    const into = placements
      .filter(
        ({ path, rights, bytes }) =>
          path !== itself && (rights & rule.permissions) !== 0 && matches(parsed.pattern, bytes),
      )
      .map(({ path }) => path);
    const shown = into.slice(0, REPORT_NAMES_MAX);
    const more = into.length - shown.length;
    if (into.length === 0) return [];
    return [{ rule: rule.source.text, into: more === 0 ? shown : [...shown, `and ${more} more`] }];
  });
}

export function reportLostNames(view: SealedView): PlanReport["lost"] {
  const why: Readonly<Record<Deviation["why"], string>> = {
    procfs: "the kernel keeps no rules on names inside a procfs",
    listing: "it cannot be listed, because the policy does not grant reading everything below it",
    unreadable: "the compiler could not look into it",
  };
  return [
    ...view.lost.map((lost) => ({ rule: lost.path, why: why[lost.why] })),
    ...view.missing.map(({ rule, path }) => ({
      rule: rule.source.text,
      why:
        `${path} does not exist: opening it, unless to create it, is refused until the domain is` +
        " started again after it was made",
    })),
  ];
}

/** Grants through a link that is not followed: they apply to the link itself. */
export function reportUnfollowed(unfollowed: Canonicalised["unfollowed"]): PlanReport["lost"] {
  const why: Readonly<
    Record<Canonicalised["unfollowed"][number]["why"], (link: string) => string>
  > = {
    own: (link) =>
      `the domain itself may make the link ${link}, so it is not followed; grant its target`,
    foreign: (link) =>
      `another user can exchange the link ${link}, so it is not followed; grant its target`,
    loop: (link) => `the links at ${link} form a loop`,
    "too-long": (link) => `the target of ${link} is too long for a pattern`,
  };
  return unfollowed.map((entry) => ({
    rule: entry.rule.source.text,
    why: why[entry.why](entry.link),
  }));
}
