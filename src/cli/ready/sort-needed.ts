import { readRequest } from "../../events/logged-request.ts";
import type { NeededOnce } from "../../host/evidence.ts";
import { decide } from "../../model/decide.ts";
import { Permission, type PermissionSet } from "../../model/permission.ts";
import type { Policy, Source } from "../../model/policy.ts";
import type { Request } from "../../model/request.ts";
import { type Suggestion, suggest } from "../../model/suggest.ts";
import { type Need, sortNeeds } from "../../suggest/need.ts";
import { spellRequest } from "../explain/spell-request.ts";
import { onHost } from "../suggest/needs-of-log.ts";
import type { Denied, DeniedOnPurpose } from "./denied.ts";

export interface Sorted {
  readonly denied: readonly Denied[];
  readonly deniedOnPurpose: readonly DeniedOnPurpose[];
}

/** Accesses to Cofferdam's own objects are left out: every level refuses them. */
export function sortNeeded(policy: Policy, needed: readonly NeededOnce[]): Sorted {
  const needs: Need[] = [];
  const unruled: NeededOnce[] = [];
  for (const one of needed) {
    const read = one.request == null ? null : readRequest(one.request);
    if (read?.state === "good") needs.push(needOf(onHost(read.value), one));
    else unruled.push(one);
  }
  const { lacking, beyond } = sortNeeds(policy, needs);
  const requests = needs.map(({ request }) => request);
  const judged = unruled.map((one) => ({ one, answer: judgeUnruled(policy, one, requests) }));
  return {
    denied: [
      ...lacking.map(shownNeed(policy)),
      ...judged.filter(({ answer }) => answer === "denied").map(({ one }) => shownUnruled(one)),
    ],
    deniedOnPurpose: [
      ...beyond.flatMap(({ need, by }) => onPurpose(shownNeed(policy)(need), by)),
      ...judged.flatMap(({ one, answer }) =>
        typeof answer === "string" ? [] : onPurpose(shownUnruled(one), answer),
      ),
    ],
  };
}

/** What a socket is made for: the requests that use it, and the rules that allow it. */
interface Making {
  /** As events name such a socket. */
  readonly object: RegExp;
  readonly isUse: (request: Request) => boolean;
  readonly isGranted: (policy: Policy) => boolean;
}

const sockets = Permission.connect | Permission.listen;

function addressed(protocol: "tcp" | "udp"): Making {
  return {
    object: new RegExp(`^a ${protocol.toUpperCase()} socket `),
    isUse: (request) => request.class === "address" && request.protocol === protocol,
    isGranted: ({ addresses }) =>
      addresses.some((rule) => rule.effect === "allow" && rule.protocol === protocol),
  };
}

function named(object: RegExp, granted: PermissionSet): Making {
  return {
    object,
    isUse: (request) => request.class === "name" && (Permission[request.operation] & sockets) !== 0,
    isGranted: ({ names }) =>
      names.some((rule) => rule.effect === "allow" && (rule.permissions & granted) !== 0),
  };
}

const makings: readonly Making[] = [
  addressed("tcp"),
  addressed("udp"),
  named(/^a unix socket$/, sockets),
  // Either end could send to any name.
  named(/^a pair of unix datagram sockets$/, Permission.connect),
];

/**
 * No rule is about making a TCP, UDP or unix socket: any rule that grants a use of one allows it.
 * It is denied on purpose if all uses that were seen are. A system call that no sealed domain gets
 * is, if the policy denies it by name. Returns the rule.
 */
function judgeUnruled(
  policy: Policy,
  { class: kind, operation, object }: NeededOnce,
  requests: readonly Request[],
): "granted" | "denied" | Source {
  if (kind === "syscall" && operation === "call")
    return ruleAgainst(policy, { class: "syscall", name: object ?? "" }) ?? "denied";
  const making = makings.find((one) => one.object.test(object ?? ""));
  if (kind !== "socket" || operation !== "create" || making === undefined) return "denied";
  if (making.isGranted(policy)) return "granted";
  const rules = requests.filter(making.isUse).map((request) => ruleAgainst(policy, request));
  return rules.includes(null) ? "denied" : (rules[0] ?? "denied");
}

/** The `deny` rule that decides; null if none does. */
function ruleAgainst(policy: Policy, request: Request): Source | null {
  const decision = decide(policy, request);
  return decision.outcome === "denied" && decision.reason === "rule" ? decision.by : null;
}

function needOf(request: Request, { count, first, last, program }: NeededOnce): Need {
  const programs = program === null ? [] : [program];
  return { request, count, first, last, programs, pids: [] };
}

function shownNeed(policy: Policy): (need: Need) => Denied {
  return ({ request, programs, ...rest }) =>
    deniedOf(spellRequest(request), suggest(request, policy), {
      ...rest,
      program: programs[0] ?? null,
    });
}

function shownUnruled(one: NeededOnce): Denied {
  const access = `${one.operation} ${one.object ?? "?"}`;
  return { ...deniedOf(access, null, one), help: one.help ?? null };
}

function onPurpose(denied: Denied, by: Source | null): DeniedOnPurpose[] {
  if (by === null) return [];
  const { file, line, text } = by;
  return [{ ...denied, line: null, help: null, rule: { file, line, text } }];
}

function deniedOf(
  access: string,
  line: Suggestion | null,
  { count, first, last, program }: Pick<Denied, "count" | "first" | "last" | "program">,
): Denied {
  return { access, line, help: null, count, first, last, program };
}
