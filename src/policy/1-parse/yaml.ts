import { Composer, type CST, Parser } from "yaml";
import { diagnose } from "../../diagnostics/diagnose.ts";
import { type Diagnostic, hasError, type Report } from "../../diagnostics/diagnostic.ts";
import { Positions } from "./positions.ts";
import { survey } from "./survey.ts";
import { toTree } from "./to-tree.ts";
import type { Tree } from "./tree.ts";

/**
 * Parses YAML in which all scalars are text (the failsafe schema). Making nodes recurses, so the
 * token stream is surveyed first: nodes are not made of a text that is nested too deeply, or has
 * anchors, aliases, tags, directives or a second document. Returns null after a diagnostic.
 */
export function parseYaml(file: string, text: string, report: Report): Tree | null {
  const positions = new Positions(file, text);
  const found: Diagnostic[] = [];
  const keep: Report = (diagnostic) => found.push(diagnostic);
  const tokens = [...new Parser().parse(text)];
  survey(tokens, positions, keep);
  const tree = hasError(found) ? null : compose(tokens, positions, keep);
  for (const diagnostic of found) report(diagnostic);
  return hasError(found) ? null : tree;
}

function compose(tokens: readonly CST.Token[], positions: Positions, report: Report): Tree | null {
  // `toTree` compares keys, because it knows where the first one stands.
  const composer = new Composer({
    schema: "failsafe",
    uniqueKeys: false,
    strict: true,
    merge: false,
    logLevel: "silent",
  });
  const documents = [...composer.compose(tokens, true, positions.text.length)];
  const document = documents[0];
  if (document === undefined) return null;
  for (const { pos, message } of [...document.errors, ...document.warnings]) {
    const values = { reason: sentence(message), cure: cureOf(message) };
    report(diagnose("yaml-syntax", positions.span(pos[0], pos[1]), values));
  }
  if (document.errors.length + document.warnings.length > 0) return null;
  if (document.contents === null) {
    report(diagnose("not-a-mapping", positions.span(0, 0), {}));
    return null;
  }
  return toTree(document.contents, positions, report);
}

/** Help lines for messages of the YAML library. */
const cures: readonly (readonly [said: RegExp, cure: string])[] = [
  [/^Tabs are not allowed/, "indent with spaces"],
  [/^Missing closing .quote/, "write the quote that ends the text, or leave both out"],
  [/^Unexpected scalar at node end/, "put the quotes around the whole line, or leave them out"],
  [/ end with a [\]}]$/, "close the bracket, and indent what is in it more than its key"],
  [/^Implicit map keys need/, "write `- ` before a line of a list, and `: ` behind a key"],
];
const CURE_ELSE =
  "put text with `: `, ` #` or `${...}`, and text that begins with `*`, `&`, `{`, `[` or `@`, " +
  "into quotes";

function cureOf(message: string): string {
  const line = message.split("\n", 1)[0]?.replace(/ at line \d+, column \d+:$/, "") ?? "";
  return cures.find(([said]) => said.test(line))?.[1] ?? CURE_ELSE;
}

function sentence(message: string): string {
  const line = message.split("\n", 1)[0] ?? "";
  return (line.charAt(0).toLowerCase() + line.slice(1)).replace(/[.:]$/, "");
}
