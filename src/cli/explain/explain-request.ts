import { readFileSync } from "node:fs";
import { type CanonicalNames, canonicalNames } from "../../compile/canonical-names.ts";
import { hostSnapshot } from "../../compile/host-snapshot.ts";
import { type SealedNames, sealedNames } from "../../compile/sealed-names.ts";
import { remedyOf } from "../../events/remedy.ts";
import { askerOf, ordinaryRefusal, userOf } from "../../host/ordinary-permissions.ts";
import { otherConfinement } from "../../host/other-confinement.ts";
import { usableNames } from "../../host/usable-names.ts";
import { refusedPart } from "../../kinds/names/model.ts";
import { decide } from "../../model/decide.ts";
import { nearestGrant } from "../../model/nearest.ts";
import type { Policy } from "../../model/policy.ts";
import type { Request } from "../../model/request.ts";
import type { Suggestion } from "../../model/suggest.ts";
import type { Decision } from "../../model/verdict.ts";
import { addLines } from "../../policy/add-lines.ts";
import type { Context } from "../command.ts";
import type { RequiredPolicy } from "../require-policy.ts";
import { statusOf } from "./names.ts";
import type { Explanation } from "./render.ts";

/** Who asked, as far as it is known. */
export interface AskedBy {
  readonly uid: number | null;
  /** null if no process asked. */
  readonly pid: number | null;
}

const unknownCaller: AskedBy = { uid: null, pid: null };

/**
 * Decides as the mediator does: on canonical names, and with Cofferdam's own files denied. For a
 * sealed domain it also walks the host, because existing files matter only there. A line is
 * proposed only if the policy with that line loads and grants the request.
 */
export function explainRequest(
  context: Context,
  required: RequiredPolicy,
  request: Request,
  by: AskedBy = unknownCaller,
): Explanation {
  const { policy, view } = heldNames(context, required, required.policy);
  const byText = decide(policy, request);
  const sealed = view === undefined ? null : decide(policy, request, view);
  const final = sealed ?? byText;
  const uid = by.uid ?? userOf(policy);
  return {
    domain: policy.name,
    request,
    policy: byText,
    sealed,
    ...remedyFor(context, required, request, policy, final),
    part: request.class === "two-names" ? refusedPart(policy.names, request) : null,
    near:
      final.outcome === "denied" && final.reason === "no-rule"
        ? nearestGrant(policy, request)
        : null,
    ordinary:
      uid === null ? null : ordinaryRefusal(request, askerOf(uid, required.policy), statusOf),
    others: otherConfinement(by.pid),
  };
}

type Remedy = Pick<Explanation, "allow" | "help" | "tried">;

function remedyFor(
  context: Context,
  required: RequiredPolicy,
  request: Request,
  policy: Policy,
  final: Decision,
): Remedy {
  const none = { allow: null, help: null, tried: null };
  if (final.outcome === "granted" || final.reason === "late-name") return none;
  // A sealed domain maps what it may read.
  const isRead =
    request.class === "name" && request.operation === "map" && policy.mediation === "sealed";
  const asked: Request = isRead ? { ...request, operation: "read" } : request;
  const { allow, help = null } = remedyOf(policy, asked, final.reason);
  if (allow === null) return { ...none, help };
  const line = allow as Suggestion;
  const tried = answerWith(context, required, request, line);
  if (tried !== null && (tried.outcome === "granted" || tried.reason === "late-name"))
    return { allow: line, help, tried };
  return { ...none, help: "the policy has no room for the line that would allow it" };
}

/** What the domain would answer if its policy also had this line; null if that would not load. */
function answerWith(
  context: Context,
  required: RequiredPolicy,
  request: Request,
  line: Suggestion,
): Decision | null {
  const text = readFileSync(required.files[0] ?? "", "utf8");
  const changed = required.load(addLines(text, [line])).policy;
  if (changed === null) return null;
  const { policy, view } = heldNames(context, required, changed);
  return decide(policy, request, view);
}

/** As an engine holds them on this host; with what a sealed domain that starts now reaches. */
export function heldNames(
  { places }: Context,
  { files }: RequiredPolicy,
  policy: Policy,
): CanonicalNames & Partial<SealedNames> {
  const held = [hostSnapshot(), places.own, [...files, ...places.kept]] as const;
  return usableNames(
    policy.name,
    policy.mediation === "sealed" ? sealedNames(policy, ...held) : canonicalNames(policy, ...held),
  );
}
