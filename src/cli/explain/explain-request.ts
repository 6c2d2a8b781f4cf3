import { type CanonicalNames, canonicalNames } from "../../compile/canonical-names.ts";
import { hostSnapshot } from "../../compile/host-snapshot.ts";
import type { CompileProblem } from "../../compile/problem.ts";
import { type SealedNames, sealedNames } from "../../compile/sealed-names.ts";
import { diagnose } from "../../diagnostics/diagnose.ts";
import { startOf } from "../../diagnostics/diagnostic.ts";
import { decide } from "../../model/decide.ts";
import type { Request } from "../../model/request.ts";
import { suggest } from "../../model/suggest.ts";
import { CommandError, type Context } from "../command.ts";
import type { RequiredPolicy } from "../require-policy.ts";
import type { Explanation } from "./render.ts";

/**
 * Decides as the mediator does: on canonical names, and with Cofferdam's own files denied. For a
 * sealed domain it also walks the host, because existing files matter only there.
 */
export function explainRequest(
  context: Context,
  { policy: written, files }: RequiredPolicy,
  request: Request,
): Explanation {
  const { own, kept } = context.places;
  const held = [hostSnapshot(), own, [...files, ...kept]] as const;
  const names: CanonicalNames & Partial<SealedNames> = usable(
    written.name,
    written.mediation === "sealed"
      ? sealedNames(written, ...held)
      : canonicalNames(written, ...held),
  );
  const { policy, view } = names;
  const byText = decide(policy, request);
  const sealed = view === undefined ? null : decide(policy, request, view);
  const final = sealed ?? byText;
  const helps = final.outcome === "denied" && final.reason === "no-rule";
  return {
    domain: policy.name,
    request,
    policy: byText,
    sealed,
    allow: helps ? suggest(request) : null,
  };
}

/** @throws CommandError for names that this host cannot hold */
export function usable<T extends CanonicalNames>(
  domain: string,
  names: T | { readonly problems: readonly CompileProblem[] },
): T {
  if (!("problems" in names)) return names;
  const place = startOf(domain);
  const diagnostics = names.problems.map(({ name, values }) =>
    diagnose(name, place, values as never),
  );
  throw new CommandError(
    diagnostics.map(({ message }) => message).join("; "),
    diagnostics[0]?.help ?? "",
  );
}
