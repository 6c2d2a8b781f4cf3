import { isMap, isScalar, isSeq, type Node, type Scalar as YamlScalar } from "yaml";
import { diagnose } from "../../diagnostics/diagnose.ts";
import type { Report, Span } from "../../diagnostics/diagnostic.ts";
import type { Positions } from "./positions.ts";
import type { Pair, Scalar, Tree } from "./tree.ts";

/**
 * Makes a plain tree of the library's nodes. Reports keys that are not text, merge keys, and
 * duplicate keys.
 */
export function toTree(node: unknown, positions: Positions, report: Report): Tree {
  if (isSeq(node)) {
    return {
      kind: "list",
      span: spanOf(node, positions),
      items: node.items.map((item) => toTree(item, positions, report)),
    };
  }
  if (isMap(node)) {
    const span = spanOf(node, positions);
    const pairs = node.items
      .map((pair) => toPair(pair, span, positions, report))
      .filter((pair) => pair !== null);
    refuseRepeatedKeys(pairs, report);
    return { kind: "mapping", span, pairs };
  }
  return isScalar(node) ? toScalar(node, positions) : emptyScalar(positions.span(0, 0));
}

function toPair(
  pair: { key: unknown; value: unknown },
  around: Span,
  positions: Positions,
  report: Report,
): Pair | null {
  const key = toTree(pair.key, positions, report);
  if (key.kind !== "scalar") {
    const values = {
      key: "a key",
      expected: "a word",
      found: nameOfKind(key),
      example: "`files:`",
    };
    report(diagnose("wrong-shape", key.span, values));
    return null;
  }
  if (key.value === "<<") report(diagnose("merge-key", key.span, {}));
  // `key:` with nothing after it: the value gets the key's place.
  const value =
    pair.value === null
      ? emptyScalar(key.span.length > 0 ? key.span : around)
      : toTree(pair.value, positions, report);
  return { key, value };
}

function refuseRepeatedKeys(pairs: readonly Pair[], report: Report): void {
  const seen = new Map<string, Span>();
  for (const { key } of pairs) {
    const first = seen.get(key.value);
    if (first === undefined) seen.set(key.value, key.span);
    else report(diagnose("duplicate-key", key.span, { key: key.value, line: first.line }));
  }
}

function toScalar(node: YamlScalar, positions: Positions): Scalar {
  const value = String(node.value ?? "");
  const [start, end] = node.range ?? [0, 0];
  const span = positions.span(start, end);
  const quote = node.type === "QUOTE_DOUBLE" || node.type === "QUOTE_SINGLE" ? 1 : 0;
  const verbatim =
    positions.text.startsWith(value, start + quote) && start + quote * 2 + value.length === end;
  const part = (offset: number, length: number): Span =>
    verbatim ? positions.span(start + quote + offset, start + quote + offset + length) : span;
  return { kind: "scalar", value, span, part };
}

function emptyScalar(span: Span): Scalar {
  return { kind: "scalar", value: "", span, part: () => span };
}

function spanOf(node: Node, positions: Positions): Span {
  const [start, end] = node.range ?? [0, 0];
  return positions.span(start, end);
}

/** For messages. */
export function nameOfKind(tree: Tree): string {
  if (tree.kind === "list") return "a list";
  if (tree.kind === "mapping") return "a mapping";
  return tree.value === "" ? "empty" : "text";
}
