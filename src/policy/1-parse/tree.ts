import type { Span } from "../../diagnostics/diagnostic.ts";

/**
 * A policy's YAML: text, lists and mappings, each with its place. No types, anchors, aliases or
 * tags are left.
 */
export type Tree = Scalar | List | Mapping;

export interface Scalar {
  readonly kind: "scalar";
  readonly value: string;
  readonly span: Span;
  /**
   * The place of a part of `value` (UTF-16 offset and length); the whole scalar if the file spells
   * it differently.
   */
  readonly part: (offset: number, length: number) => Span;
}

export interface List {
  readonly kind: "list";
  readonly span: Span;
  readonly items: readonly Tree[];
}

export interface Mapping {
  readonly kind: "mapping";
  readonly span: Span;
  readonly pairs: readonly Pair[];
}

export interface Pair {
  readonly key: Scalar;
  readonly value: Tree;
}
