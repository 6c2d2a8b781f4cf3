import { catalogue, type DiagnosticName } from "../../diagnostics/catalogue.ts";
import type { Diagnostic } from "../../diagnostics/diagnostic.ts";
import type { Policy } from "../../model/policy.ts";
import { check } from "./check.ts";
import type { CheckContext } from "./context.ts";

/**
 * What `check` says of grants that an attacker in the domain would like. It judges rules by their
 * width and by each other, not by places.
 */
const risky: readonly DiagnosticName[] = [
  "wide-write",
  "wide-read",
  "write-and-execute",
  "foreign-files",
  "own-places",
  "host-switch",
  "core-dumps",
  "executable-stack",
  "strong-capability",
];

const codes: ReadonlySet<string> = new Set(risky.map((name) => catalogue[name].code));

export function risks(policy: Policy, context: CheckContext): readonly Diagnostic[] {
  return check(policy, context).filter(({ code }) => codes.has(code));
}
