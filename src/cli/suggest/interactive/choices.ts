import { basename } from "node:path";
import { decide } from "../../../model/decide.ts";
import type { Policy } from "../../../model/policy.ts";
import { addLines } from "../../../policy/add-lines.ts";
import { keyNames } from "../../../policy/language.ts";
import { judgeDangers } from "../../../suggest/dangers.ts";
import type { Proposal } from "../../../suggest/proposal.ts";
import type { SuggestHost, Suggestions } from "../../../suggest/suggestions.ts";
import { variantsOf } from "../../../suggest/variants.ts";
import type { Context } from "../../command.ts";
import { fileToChange } from "../../explain/place-of-line.ts";
import type { RequiredPolicy } from "../../require-policy.ts";
import { changing } from "../write-lines.ts";
import type { Judged } from "./choosing.ts";
import type { Choices } from "./session.ts";

/** `text`: of the policy's file; `policy`: what it means on this host. */
export function choicesOf(
  context: Context,
  required: RequiredPolicy,
  { text, policy }: { readonly text: string; readonly policy: Policy },
  found: Suggestions,
  host: SuggestHost,
): Choices {
  const harmless = found.lines.map((one): Judged => ({ ...one, dangers: [] }));
  const proposals: readonly Judged[] = [...inOrder(harmless), ...inOrder(found.dangerous)];
  const { isSetUserId } = host.tree;
  const load = lastAnswer((changed: string) => host.load(changed));
  const judge = (lines: readonly Proposal[], beside: readonly Proposal[] = []) => {
    const after = load(addLines(text, [...beside, ...lines])) ?? policy;
    const dangersOf = judgeDangers({ before: policy, after, others: host.others, isSetUserId });
    return lines.map((one) => ({ ...one, dangers: dangersOf(one) }));
  };
  return {
    domain: required.policy.name,
    proposals,
    item(at) {
      const proposal = proposals[at];
      if (proposal === undefined) throw new RangeError(`there is no proposal ${at}`);
      const { lines, usual } = variantsOf(proposal, proposals, { text, policy }, host);
      const variants = lines.map((some, which) =>
        which === usual ? [proposal] : judge(some, proposals),
      );
      return { variants, usual };
    },
    grants(lines, at) {
      const after = load(addLines(text, lines));
      const needs = proposals[at]?.needs ?? [];
      return (
        after !== null && needs.every(({ request }) => decide(after, request).outcome === "granted")
      );
    },
    changed: changing(context, required, text),
    judge,
    text,
    file: fileWords(context, required),
  };
}

/** Of the sections, as the lines are printed. */
function inOrder(proposals: readonly Judged[]): readonly Judged[] {
  const order = keyNames("domain");
  return proposals.toSorted((a, b) => order.indexOf(a.section) - order.indexOf(b.section));
}

function fileWords({ places }: Context, required: RequiredPolicy): readonly string[] {
  const { file, shipped } = fileToChange(places, required);
  return [
    `${file}${shipped === null ? "" : " (new)"}, as it would be:`,
    ...(shipped === null ? [] : [`a copy of the shipped ${basename(shipped)} with these lines`]),
  ];
}

/** Asked about the same again and again. */
function lastAnswer<A>(work: (text: string) => A): (text: string) => A {
  let last: { readonly text: string; readonly answer: A } | null = null;
  return (text) => {
    last = last?.text === text ? last : { text, answer: work(text) };
    return last.answer;
  };
}
