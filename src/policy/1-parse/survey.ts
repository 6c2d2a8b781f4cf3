import type { CST } from "yaml";
import { diagnose } from "../../diagnostics/diagnose.ts";
import type { Report } from "../../diagnostics/diagnostic.ts";
import { YAML_DEPTH_MAX } from "../limits.ts";
import type { Positions } from "./positions.ts";

type Item = Partial<CST.CollectionItem>;
type Visit = readonly [token: CST.Token, depth: number];

/**
 * Searches the tokens of a file for forbidden constructs, without recursion. Stops at the first
 * collection that is nested too deeply.
 */
export function survey(tokens: readonly CST.Token[], positions: Positions, report: Report): void {
  let documents = 0;
  const stack: Visit[] = [];
  for (const token of tokens) {
    if (token.type === "document" && ++documents === 2) {
      report(diagnose("several-documents", positions.span(token.offset, token.offset + 3), {}));
    }
    if (token.type === "directive") {
      report(
        diagnose("directive", spanOf(token, positions), {
          name: token.source.split(/\s/, 1)[0] ?? "",
        }),
      );
    }
    stack.push([token, 0]);
    for (let visit = stack.pop(); visit !== undefined; visit = stack.pop()) {
      const [current, depth] = visit;
      if (depth > YAML_DEPTH_MAX) {
        report(
          diagnose("too-deep", positions.span(current.offset, current.offset + 1), {
            limit: YAML_DEPTH_MAX,
          }),
        );
        return;
      }
      refuse(current, positions, report);
      for (const child of children(current, depth).reverse()) stack.push(child);
    }
  }
}

function refuse(token: CST.Token, positions: Positions, report: Report): void {
  if (token.type === "anchor")
    report(diagnose("anchor", spanOf(token, positions), { name: token.source.slice(1) }));
  if (token.type === "alias")
    report(diagnose("alias", spanOf(token, positions), { name: token.source.slice(1) }));
  if (token.type === "tag")
    report(diagnose("tag", spanOf(token, positions), { name: token.source }));
}

function spanOf(
  token: { offset: number; source: string },
  positions: Positions,
): ReturnType<Positions["span"]> {
  return positions.span(token.offset, token.offset + token.source.length);
}

function children(token: CST.Token, depth: number): Visit[] {
  if (token.type === "document")
    return [...token.start, token.value].filter(isToken).map((child) => [child, depth]);
  if (token.type === "block-scalar") return token.props.map((child) => [child, depth]);
  if (token.type !== "block-map" && token.type !== "block-seq" && token.type !== "flow-collection")
    return [];
  const items: readonly Item[] = token.items;
  return items
    .flatMap((item) => [...(item.start ?? []), item.key, ...(item.sep ?? []), item.value])
    .filter(isToken)
    .map((child) => [child, depth + 1]);
}

function isToken(token: CST.Token | null | undefined): token is CST.Token {
  return token !== null && token !== undefined;
}
