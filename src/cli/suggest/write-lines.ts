import { type Diagnostic, hasError } from "../../diagnostics/diagnostic.ts";
import { addLines } from "../../policy/add-lines.ts";
import type { LoadedPolicy } from "../../policy/load.ts";
import type { Proposal } from "../../suggest/proposal.ts";
import { checking } from "../checked.ts";
import { CommandError, type Context } from "../command.ts";
import { complain } from "../complain.ts";
import type { RequiredPolicy } from "../require-policy.ts";
import { writePolicy } from "../write-policy.ts";

/** A policy file with lines that it does not have yet. */
export interface Changed {
  readonly text: string;
  /** What `check` says of it, and not of the file as it is. */
  readonly diagnostics: readonly Diagnostic[];
  readonly loaded: LoadedPolicy;
}

/** `text`: of the policy's own file, as it was read. */
export function changing(
  context: Context,
  required: RequiredPolicy,
  text: string,
): (lines: readonly Proposal[]) => Changed {
  const check = checking(context);
  const file = required.files[0] ?? "";
  const known = new Set(check(required.load(text), file).map(said));
  return (lines) => {
    const changed = addLines(text, lines);
    const loaded = required.load(changed);
    const diagnostics = check(loaded, file).filter((one) => !known.has(said(one)));
    return { text: changed, diagnostics, loaded };
  };
}

/** Without its place, which lines before it move. */
function said({ code, message, file }: Diagnostic): string {
  return JSON.stringify([code, message, file]);
}

/**
 * Replaces the file, unless `check` finds errors in what it would be.
 * @throws CommandError if nothing was written
 */
export function writeChanged(
  context: Context,
  required: RequiredPolicy,
  before: string,
  { text, diagnostics, loaded }: Changed,
): void {
  const errors = diagnostics.filter((one) => hasError([one]));
  if (errors.length > 0 || loaded.policy === null) {
    complain(context, errors, loaded.sources, {});
    throw new CommandError(
      "`check` refuses the policy with these lines: nothing was written",
      "cofferdam suggest --interactive takes a part of them",
    );
  }
  writePolicy(context, required, before, text);
}
