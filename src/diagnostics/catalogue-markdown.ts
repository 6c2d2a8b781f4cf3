import { wrap } from "../base/wrap.ts";
import type { CatalogueEntry } from "./catalogue/entry.ts";
import { catalogue } from "./catalogue.ts";

const chapters: Readonly<Record<string, string>> = {
  CFD10: "The file",
  CFD11: "Its YAML and its keys",
  CFD12: "One rule",
  CFD13: "What rules refer to",
  CFD20: "The policy on a host",
  CFD30: "What the compiler makes of it",
  CFD40: "Policies in the rule language of ESXi",
  CFD50: "Cases that a policy is tested with",
};

/** The reference page of all diagnostics, in the order of their codes. */
export function catalogueMarkdown(): string {
  const entries: readonly CatalogueEntry[] = Object.values(catalogue).toSorted((a, b) =>
    a.code < b.code ? -1 : 1,
  );
  const parts = Object.entries(chapters).map(([prefix, title]) => {
    return [
      `## ${title}\n`,
      ...entries.filter(({ code }) => code.startsWith(prefix)).map(entryMarkdown),
    ].join("\n");
  });
  return `${head}\n${parts.join("\n")}`;
}

const head = `# Diagnostics

<!-- Generated from src/diagnostics/catalogue by scripts/generate/diagnostics.ts. Do not edit. -->

This page lists the diagnostics that \`cofferdam check\` and the other commands give about a policy.
A code never changes its meaning. A policy with an *error* cannot be used. A *warning* is a likely
mistake or a risk. An *info* states a cost or a fact. Words in braces stand for text from the
policy. If a similar word is known, "did you mean" replaces the help line.
`;

/** Columns of the page. */
const WIDTH = 100;

function wrapped(text: string): string {
  return wrap(text, WIDTH, "");
}

function entryMarkdown({
  code,
  severity,
  title,
  message,
  fix,
  explanation,
  example,
}: CatalogueEntry): string {
  return `### ${code}: ${title}

${wrapped(`*${severity}*: ${message}`)}

${wrapped(explanation)}

    ${example.replaceAll("\n", "\n    ")}

${wrapped(`Help: ${fix}`)}
`;
}
