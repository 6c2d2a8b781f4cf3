import { printable } from "../../base/printable.ts";
import { wrap } from "../../base/wrap.ts";
import { loggedRequest } from "../../events/logged-request.ts";
import { type Explanation, renderExplanation } from "../explain/render.ts";
import type { TriedCase } from "./by-engine.ts";
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
  /** In the order of the cases; null if they were not tried (`--engine`). */
  readonly tried: readonly TriedCase[] | null;
}

export function renderTested(tested: Tested, width: number): string {
  const { domain, file, cases, explained, tried } = tested;
  const failed = cases.filter(({ holds }) => !holds);
  const count = cases.length === 1 ? "1 case" : `${cases.length} cases`;
  const verdict =
    failed.length === 0
      ? `${count} ${cases.length === 1 ? "holds" : "hold"}`
      : `${failed.length} of ${count} ${failed.length === 1 ? "fails" : "fail"}`;
  return [
    `${wrap(printable(`${domain}: ${verdict} (${file})`), width, "  ")}\n`,
    ...failed.map((one) => failure(one, explained.get(one), width)),
    ...(tried === null ? unreached(cases, width) : byEngine(cases, tried, width)),
  ].join("");
}

/** Wide enough for `not tried`, and two spaces. */
const ANSWER_WIDTH = 11;
const INDENT = " ".repeat(2 + 2 * ANSWER_WIDTH);

/** Every case with both answers; what differs from the policy first. */
function byEngine(
  cases: readonly JudgedCase[],
  tried: readonly TriedCase[],
  width: number,
): readonly string[] {
  const rows = cases.flatMap((one, at) => {
    const found = tried[at];
    return found === undefined ? [] : [{ one, found }];
  });
  const different = rows.filter(({ found }) => found.tried && found.differs !== null);
  const alike = rows.filter(({ found }) => found.tried && found.differs === null);
  const untried = rows.filter(({ found }) => !found.tried);
  const count =
    `  the engine: ${alike.length} as the policy says, ${different.length} not, ` +
    `${untried.length} not tried`;
  const head = row("policy", "engine", "case");
  const lines = [...different, ...alike, ...untried].map(({ one, found }) => {
    const [answer, why] = answerOf(found);
    const text = row(one.policy.outcome, answer, one.line.text);
    const told = why === null ? "" : `\n${wrap(`${INDENT}${printable(why)}`, width, INDENT)}`;
    return `${printable(text)}${told}\n`;
  });
  return [`${wrap(count, width, "    ")}\n`, `${head}\n`, ...lines];
}

function row(policy: string, engine: string, text: string): string {
  return `  ${policy.padEnd(ANSWER_WIDTH)}${engine.padEnd(ANSWER_WIDTH)}${text}`;
}

/** What the engine answered, and what is to be said about it. */
function answerOf(found: TriedCase): readonly [string, string | null] {
  if (!found.tried) return ["not tried", found.why];
  const { outcome, differs } = found;
  const answer = outcome.outcome === "possible" ? "granted" : "denied";
  if (differs === undefined) return [answer, "NOT as the policy says, and no known difference"];
  if (differs !== null) return [answer, differs];
  const byOther = outcome.outcome === "refused" && outcome.by !== "Cofferdam";
  return [answer, byOther ? `by ${outcome.by}, before Cofferdam` : null];
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
export function testedJson({ domain, file, cases, tried }: Tested) {
  return {
    domain,
    file,
    cases: cases.map(({ line, request, policy, sealed, holds }, at) => ({
      ...{ case: line.text, line: line.span.line, expected: line.expected },
      ...{ request: loggedRequest(request), policy, sealed, holds },
      ...engineJson(tried?.[at]),
    })),
  };
}

function engineJson(found: TriedCase | undefined) {
  if (found === undefined) return {};
  if (!found.tried) return { engine: { answer: "not tried", why: found.why } };
  const { outcome, by, inside, outside } = found.outcome;
  const [answer] = answerOf(found);
  const differs = found.differs === undefined ? "not known why" : found.differs;
  return { engine: { answer, outcome, by, differs, holds: found.holds, inside, outside } };
}
