import { printable } from "../../base/printable.ts";
import { wrap } from "../../base/wrap.ts";
import { loggedRequest } from "../../events/logged-request.ts";
import { type Explanation, renderExplanation } from "../explain/render.ts";
import type { JudgedCase } from "./judge-cases.ts";

/** Cases whose names are not on this host; more are counted. */
const UNREACHED_SHOWN_MAX = 5;

/** The cases of one domain. */
export interface Tested {
  readonly domain: string;
  readonly file: string;
  readonly cases: readonly JudgedCase[];
  /** Of each case that does not hold. */
  readonly explained: ReadonlyMap<JudgedCase, Explanation>;
}

export function renderTested({ domain, file, cases, explained }: Tested, width: number): string {
  const failed = cases.filter(({ holds }) => !holds);
  const count = cases.length === 1 ? "1 case" : `${cases.length} cases`;
  const verdict =
    failed.length === 0
      ? `${count} ${cases.length === 1 ? "holds" : "hold"}`
      : `${failed.length} of ${count} ${failed.length === 1 ? "fails" : "fail"}`;
  return [
    `${wrap(printable(`${domain}: ${verdict} (${file})`), width, "  ")}\n`,
    ...failed.map((one) => failure(one, explained.get(one), width)),
    ...unreached(cases, width),
  ].join("");
}

function failure({ line }: JudgedCase, why: Explanation | undefined, width: number): string {
  const { file, line: at } = line.span;
  const told = why === undefined ? "" : renderExplanation(why, line.text, width);
  return `\n${printable(`${file}:${at}: ${line.expected}`)}\n${told}`;
}

/** What the text grants and a sealed domain that starts on this host now does not reach. */
function unreached(cases: readonly JudgedCase[], width: number): readonly string[] {
  const absent = cases.filter(isUnreached);
  if (absent.length === 0) return [];
  const shown = absent.slice(0, UNREACHED_SHOWN_MAX).map(({ line }) => line.text);
  const more = absent.length - shown.length;
  const names = [...shown, ...(more > 0 ? [`${more} more`] : [])].join(", ");
  const sentence = `not reached by a sealed domain that starts on this host now: ${names}`;
  return [`${wrap(printable(`  ${sentence}`), width, "    ")}\n`];
}

function isUnreached({ policy, sealed }: JudgedCase): boolean {
  return policy.outcome === "granted" && sealed?.outcome === "denied";
}

/** For programs. */
export function testedJson({ domain, file, cases }: Tested) {
  return {
    domain,
    file,
    cases: cases.map(({ line, request, policy, sealed, holds }) => ({
      ...{ case: line.text, line: line.span.line, expected: line.expected },
      ...{ request: loggedRequest(request), policy, sealed, holds },
    })),
  };
}
