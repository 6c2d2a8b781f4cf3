import { printable } from "../../base/printable.ts";
import { wrap } from "../../base/wrap.ts";
import { localTime } from "../render/local-time.ts";
import type { Denied } from "./denied.ts";
import type { Reason, Verdict } from "./reason.ts";
import type { Readiness } from "./reasons.ts";
import { unusedLines } from "./unused.ts";

/** Accesses that are shown; --json has them all. */
const DENIED_SHOWN_MAX = 10;

export const verdictWords: Readonly<Record<Verdict, string>> = {
  ready: "ready",
  "not-yet": "not yet",
  "cannot-tell": "cannot tell",
};

const labels: Readonly<Record<Reason["says"], string>> = {
  ...verdictWords,
  ready: "seen",
  note: "note",
};

/** Columns of the labels. */
const LABEL_COUNT = 13;

/** Reasons against first. */
const order: readonly Reason["says"][] = ["not-yet", "cannot-tell", "ready", "note"];

export function renderReadiness(found: Readiness, width: number): string {
  const { domain, verdict, reasons } = found;
  const sorted = order.flatMap((says) => reasons.filter((one) => one.says === says));
  return [
    `${domain}: ${verdictWords[verdict]}`,
    ...sorted.flatMap((one) => lines(one, found, width)),
  ]
    .map((line) => `${line}\n`)
    .join("");
}

function lines(reason: Reason, found: Readiness, width: number): readonly string[] {
  const indent = " ".repeat(LABEL_COUNT + 2);
  const label = `  ${labels[reason.says].padEnd(LABEL_COUNT)}`;
  const denied = reason.name === "warnings" ? found.denied : [];
  return [
    ...wrap(`${label}${printable(reason.text)}`, width, indent).split("\n"),
    ...deniedLines(denied, width, indent),
    ...(reason.name === "unused" ? unusedLines(found.unused) : []).flatMap((line) =>
      wrap(`${indent}${printable(line)}`, width, `${indent}  `).split("\n"),
    ),
    ...(reason.help === null
      ? []
      : wrap(`${indent}help: ${printable(reason.help)}`, width, `${indent}  `).split("\n")),
  ];
}

function deniedLines(denied: readonly Denied[], width: number, indent: string): readonly string[] {
  const more = denied.length - DENIED_SHOWN_MAX;
  return [
    ...denied.slice(0, DENIED_SHOWN_MAX).flatMap((one) => deniedText(one, width, indent)),
    ...(more > 0 ? [`${indent}and ${more} more (--json)`] : []),
  ];
}

function deniedText(
  { access, help, count, last, program }: Denied,
  width: number,
  indent: string,
): readonly string[] {
  const times = count === 1 ? "once" : `${count} times`;
  const by = program === null ? "" : ` by ${program}`;
  const more = help === null ? "" : `: ${help}`;
  const text = `${access}: ${times}${by}, last ${localTime(last)}${more}`;
  return wrap(`${indent}${printable(text)}`, width, `${indent}  `).split("\n");
}
