import { diagnose } from "../../diagnostics/diagnose.ts";
import { nearest } from "../../diagnostics/nearest.ts";
import { wordKinds, wordSections } from "../../kinds/model.ts";
import { buildAutomaton } from "../../model/automaton/build.ts";
import { granted } from "../../model/granted.ts";
import { networkContains } from "../../model/network.ts";
import { Permission } from "../../model/permission.ts";
import type { AddressRule, NameRule, Policy, TokenRule } from "../../model/policy.ts";
import { spanOf } from "../2-resolve/rule-source.ts";
import type { Check } from "./context.ts";
import { grantsNothing, meet } from "./overlap.ts";
import { isSealedNow } from "./sealed-now.ts";

/** The target of a transition must exist and, if sealed, lie inside this domain. */
export const checkTransitions: Check = (policy, { others, incomplete = false }, report) => {
  if (others === undefined) return;
  for (const transition of policy.transitions) {
    const into = others().find((other) => other.name === transition.into);
    if (into === undefined) {
      report(
        diagnose(
          "unknown-domain",
          spanOf(transition.source),
          { name: transition.into },
          nearest(
            transition.into,
            others().map(({ name }) => name),
          ),
        ),
      );
      continue;
    }
    const wider = isSealedNow(policy) && !incomplete ? firstWider(policy, into) : null;
    if (wider !== null)
      report(
        diagnose("wider-transition", spanOf(transition.source), { domain: into.name, rule: wider }),
      );
  }
};

/**
 * A grant of `into` that `from` lacks, as text; null if there is none. Counts as wider if that
 * cannot be decided.
 */
function firstWider(from: Policy, into: Policy): string | null {
  for (const section of wordSections) {
    const token = firstToken(from[section], into[section], wordKinds[section].includes);
    if (token !== null) return `${section}: ${token}`;
  }
  for (const rule of into.sockets.filter(({ effect }) => effect === "allow")) {
    const has = from.sockets.some(
      (own) =>
        own.effect === "allow" &&
        own.family === rule.family &&
        (own.protocol === null || own.protocol === rule.protocol),
    );
    if (
      !has ||
      from.sockets.some(({ effect, family }) => effect === "deny" && family === rule.family)
    )
      return rule.source.text;
  }
  return firstName(from, into) ?? firstAddress(from, into);
}

function firstToken(
  from: readonly TokenRule[],
  into: readonly TokenRule[],
  includes = (words: ReadonlySet<string>, token: string) => words.has(token),
): string | null {
  const has = granted(from);
  return [...granted(into)].find((token) => !includes(has, token)) ?? null;
}

/**
 * What `into` grants beyond its own denials and the grants of `from`, or what `from` denies of it.
 */
function firstName(from: Policy, into: Policy): string | null {
  const denials = into.names.filter(({ effect }) => effect === "deny");
  const grants = from.names
    .filter(({ effect }) => effect === "allow")
    .map((rule): NameRule => ({ ...rule, effect: "deny" }));
  const refused = from.names.filter(({ effect }) => effect === "deny");
  for (const rule of into.names.filter(({ effect }) => effect === "allow")) {
    if (!grantsNothing(buildAutomaton([rule, ...denials, ...grants]))) return rule.source.text;
    for (const bit of Object.values(Permission).filter(
      (permission) => (rule.permissions & permission) !== 0,
    )) {
      const about = (deny: NameRule): boolean => (deny.permissions & bit) !== 0;
      if (meet([rule], denials.filter(about), refused.filter(about))) return rule.source.text;
    }
  }
  return null;
}

function firstAddress(from: Policy, into: Policy): string | null {
  for (const rule of into.addresses.filter(({ effect }) => effect === "allow")) {
    const covered = from.addresses.some(
      (own) => own.effect === "allow" && coversAddress(own, rule),
    );
    const denials = from.addresses.filter(({ effect, operation, protocol }) => {
      return effect === "deny" && operation === rule.operation && protocol === rule.protocol;
    });
    const kept = denials.every((deny) =>
      into.addresses.some((own) => own.effect === "deny" && coversAddress(own, deny)),
    );
    if (!covered || !kept) return rule.source.text;
  }
  return null;
}

function coversAddress(wide: AddressRule, narrow: AddressRule): boolean {
  if (wide.operation !== narrow.operation || wide.protocol !== narrow.protocol) return false;
  if (wide.ports.first > narrow.ports.first || wide.ports.last < narrow.ports.last) return false;
  if (wide.network === null) return true;
  if (
    narrow.network === null ||
    wide.network.family !== narrow.network.family ||
    wide.network.prefix > narrow.network.prefix
  )
    return false;
  return networkContains(wide.network, narrow.network.address);
}
