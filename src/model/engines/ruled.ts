import { type WordSection, wordSections } from "../../kinds/model.ts";
import type { PermissionSet } from "../permission.ts";
import type { Policy } from "../policy.ts";
import type { Effect, Source } from "../rule.ts";

/** A line of a policy, for a person. */
export interface Ruled {
  /** As in the policy, with the section of words: `memory: jit`. */
  readonly text: string;
  /** null for what is no rule: `user`. */
  readonly source: Source | null;
}

/** Finds the lines of a policy that something is about. */
export type About = (policy: Policy) => readonly Ruled[];

interface Rule {
  readonly effect: Effect;
  readonly source: Source;
}

export function lineOf({ source }: Rule): Ruled {
  return { text: source.text, source };
}

export function wordLine(section: WordSection, { source }: Rule): Ruled {
  return { text: `${section}: ${source.text}`, source };
}

/** Rules with one of these permissions; `where`: of all names, paths, or abstract names. */
export function aboutNames(permissions: PermissionSet, where: "/" | "@" | "" = ""): About {
  return ({ names }) =>
    once(
      names
        .filter(
          (rule) => (rule.permissions & permissions) !== 0 && canNamePlace(rule.pattern, where),
        )
        .map(lineOf),
    );
}

/** A pattern may begin with an alternative of both kinds. */
function canNamePlace(pattern: string, where: string): boolean {
  return pattern.startsWith(where) || !/^[/@]/.test(pattern);
}

/** Rules of addresses with one of these words in front: `connect tcp`. */
export function aboutAddresses(...words: readonly string[]): About {
  return ({ addresses }) =>
    once(
      addresses
        .filter(({ operation, protocol }) => words.includes(`${operation} ${protocol}`))
        .map(lineOf),
    );
}

export const aboutSockets: About = ({ sockets }) => once(sockets.map(lineOf));

/** Words of a section: these, or all. */
export function aboutWords(section: WordSection, ...words: readonly string[]): About {
  return (policy) =>
    once(
      policy[section]
        .filter(({ token }) => words.length === 0 || words.includes(token))
        .map((rule) => wordLine(section, rule)),
    );
}

export const aboutTransitions: About = ({ transitions }) =>
  once(transitions.map(({ source }) => ({ text: source.text, source })));

/** Every line of grants and denials, in the order in which a policy is printed. */
export const everyLine: About = (policy) =>
  once([
    ...policy.names.map(lineOf),
    ...policy.addresses.map(lineOf),
    ...policy.sockets.map(lineOf),
    ...wordSections.flatMap((section) => policy[section].map((rule) => wordLine(section, rule))),
    ...aboutTransitions(policy),
  ]);

/** A group's words, and a line's names, have the text of what was written. */
export function once(lines: readonly Ruled[]): readonly Ruled[] {
  return [...new Map(lines.map((line) => [line.text, line])).values()];
}
