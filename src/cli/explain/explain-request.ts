import { hostSnapshot } from "../../compile/host-snapshot.ts";
import { sealedNames } from "../../compile/sealed-names.ts";
import { diagnose } from "../../diagnostics/diagnose.ts";
import { startOf } from "../../diagnostics/diagnostic.ts";
import { decide } from "../../model/decide.ts";
import type { Request } from "../../model/request.ts";
import { suggest } from "../../model/suggest.ts";
import { CommandError, type Context } from "../command.ts";
import type { RequiredPolicy } from "../require-policy.ts";
import type { Explanation } from "./render.ts";

/** The broker decides on canonical names with Cofferdam's own places taken away; so does this. */
export function explainRequest(
  context: Context,
  required: RequiredPolicy,
  request: Request,
): Explanation {
  const { policy: written, files } = required;
  const names = sealedNames(written, hostSnapshot(), context.places.own, [
    ...files,
    ...context.places.kept,
  ]);
  if ("problems" in names) {
    const place = startOf(written.name);
    const diagnostics = names.problems.map(({ name, values }) =>
      diagnose(name, place, values as never),
    );
    throw new CommandError(
      diagnostics.map(({ message }) => message).join("; "),
      diagnostics[0]?.help ?? "",
    );
  }
  const { policy, view } = names;
  const byText = decide(policy, request);
  const sealed = policy.mediation === "sealed" ? decide(policy, request, view) : null;
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
