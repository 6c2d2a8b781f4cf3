import { type Automaton, walkName } from "../automaton/automaton.ts";
import { buildAutomaton } from "../automaton/build.ts";
import { AutomatonTooLarge } from "../automaton/too-large.ts";
import { isCanonicalName } from "../canonical-name.ts";
import { gains } from "../gain.ts";
import { bytesOfName } from "../name-bytes.ts";
import { SLASH } from "../pattern/byte-set.ts";
import { matches, type ParsedPattern, parsePattern } from "../pattern.ts";
import { Permission, type PermissionSet } from "../permission.ts";
import type { NameRule, Policy } from "../policy.ts";
import type { NameRequest, TwoNameRequest } from "../request.ts";
import { kernelGrants, kernelHeld } from "../sealed-view/kernel-grants.ts";
import type { SealedView } from "../sealed-view.ts";
import type { Decision } from "../verdict.ts";
import { denied, firstDenyElseAllow } from "./verdict-of-rules.ts";

/**
 * One operation on one name. Executing is reading too: execve opens the file for both (fs/exec.c,
 * do_open_execat), and so every engine sees it.
 */
export function judgeName(policy: Policy, request: NameRequest, sealed?: SealedView): Decision {
  const decision = judgeOperation(policy, request, sealed);
  if (request.operation !== "execute" || decision.outcome === "denied") return decision;
  const read = judgeOperation(policy, { ...request, operation: "read" }, sealed);
  return read.outcome === "denied" ? read : decision;
}

function judgeOperation(policy: Policy, request: NameRequest, sealed?: SealedView): Decision {
  const permission = Permission[request.operation];
  const decision = judge(policy, request.path, permission);
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
export function judgeTwoNames(policy: Policy, request: TwoNameRequest): Decision {
  const created = judge(policy, request.to, Permission.create);
  if (created.outcome === "denied") return created;
  if (request.operation === "rename") {
    const removed = judge(policy, request.from, Permission.delete);
    if (removed.outcome === "denied") return removed;
    const replaced = request.replaces ? judge(policy, request.to, Permission.delete) : removed;
    if (replaced.outcome === "denied") return replaced;
  }
  // The root has no other name; and a link's source is judged by no rule above.
  if (request.from === "/" || request.to === "/" || !isCanonicalName(request.from))
    return denied("no-rule");
  const automaton = automatonOf(policy);
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
function judge(policy: Policy, path: string, permission: PermissionSet): Decision {
  if (!isCanonicalName(path)) return denied("no-rule");
  const bytes = bytesOfName(path);
  return firstDenyElseAllow(policy.names, (rule) => {
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
function automatonOf(policy: Policy): Automaton | null {
  const known = automata.get(policy.names);
  if (known !== undefined) return known;
  const automaton = tryBuild(policy.names.filter((rule) => !("problem" in parsedPattern(rule))));
  automata.set(policy.names, automaton);
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
