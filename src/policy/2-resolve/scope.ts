import { diagnose } from "../../diagnostics/diagnose.ts";
import type { Report } from "../../diagnostics/diagnostic.ts";
import type { PolicySource, Word } from "../1-parse/source.ts";
import type { DomainName } from "../names.ts";
import type { Binding } from "./binding.ts";
import { parameterValues, setNames, setValue } from "./parameters.ts";

/** The variables of one policy, and which of them were used. */
export interface Scope {
  readonly bindings: ReadonlyMap<string, Binding>;
  readonly used: Set<string>;
  /** Parameters without a value; each has been reported. */
  readonly pending: ReadonlySet<string>;
  readonly report: Report;
}

/**
 * Values in order of precedence: `--set`, the domain's `vars`, the abstractions' `vars` (which must
 * agree), a parameter's default. `instance` is what follows the `@` of the domain's name.
 */
export function makeScope(
  sources: readonly PolicySource[],
  name: DomainName,
  set: Readonly<Record<string, string>>,
  report: Report,
): Scope {
  const bindings = new Map<string, Binding>();
  const [domain, ...abstractions] = sources;
  for (const source of abstractions) bindAbstraction(source, domain, bindings, report);
  for (const { name: word, values } of domain?.vars ?? [])
    bindings.set(word.text, { literal: false, values });
  const known = new Set([
    ...bindings.keys(),
    ...(domain?.parameters ?? []).map((parameter) => parameter.name.text),
  ]);
  refuseDoubles(domain, name, report);
  if (domain !== undefined) {
    for (const [key, binding] of parameterValues(domain, set, report)) bindings.set(key, binding);
    setNames(set, known, domain.file, report);
    for (const [key, value] of Object.entries(set)) {
      if (
        bindings.has(key) &&
        !domain.parameters.some((parameter) => parameter.name.text === key)
      ) {
        const binding = setValue(key, value, domain.file, report);
        if (binding !== null) bindings.set(key, binding);
      }
    }
    if (name.instance !== null && name.instance !== "") {
      const span = { file: domain.file, line: 1, column: 1, length: 0 };
      bindings.set("instance", { literal: true, values: [{ text: name.instance, span }] });
    }
  }
  const pending = new Set([...known].filter((key) => !bindings.has(key)));
  return { bindings, used: new Set(), pending, report };
}

function bindAbstraction(
  source: PolicySource,
  domain: PolicySource | undefined,
  bindings: Map<string, Binding>,
  report: Report,
): void {
  for (const { name, values } of source.vars) {
    const other = bindings.get(name.text);
    const overridden = domain?.vars.some((variable) => variable.name.text === name.text) ?? false;
    if (other !== undefined && !overridden && textOf(other.values) !== textOf(values)) {
      report(
        diagnose("ambiguous-variable", name.span, {
          name: name.text,
          first: other.values[0]?.span.file ?? "",
        }),
      );
    }
    if (other === undefined) bindings.set(name.text, { literal: false, values });
  }
}

function textOf(values: readonly Word[]): string {
  return JSON.stringify(values.map((value) => value.text));
}

function refuseDoubles(domain: PolicySource | undefined, name: DomainName, report: Report): void {
  for (const { name: word } of domain?.vars ?? []) {
    const parameter =
      domain?.parameters.some((candidate) => candidate.name.text === word.text) ?? false;
    if (parameter || (word.text === "instance" && name.instance !== null)) {
      report(diagnose("double-definition", word.span, { name: word.text }));
    }
  }
}

/** Warns about unused variables and parameters of the domain's own file. */
export function reportUnused(domain: PolicySource, scope: Scope): void {
  for (const { name } of [...domain.vars, ...domain.parameters]) {
    if (!scope.used.has(name.text))
      scope.report(diagnose("unused-variable", name.span, { name: name.text }));
  }
}
