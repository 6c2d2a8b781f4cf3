import type { Span } from "../../diagnostics/diagnostic.ts";

/** Turns UTF-16 offsets of one file into lines and columns that count characters. */
export class Positions {
  readonly file: string;
  readonly text: string;
  readonly #lineStarts: readonly number[];

  constructor(file: string, text: string) {
    this.file = file;
    this.text = text;
    const starts = [0];
    for (let at = text.indexOf("\n"); at >= 0; at = text.indexOf("\n", at + 1)) starts.push(at + 1);
    this.#lineStarts = starts;
  }

  /** `[start, end)`, cut at the end of its first line. */
  span(start: number, end: number): Span {
    const from = this.#whole(Math.min(start, this.text.length), -1);
    const line = this.#lineOf(from);
    const lineStart = this.#lineStarts[line] ?? 0;
    const lineEnd = (this.#lineStarts[line + 1] ?? this.text.length + 1) - 1;
    const to = Math.max(from, this.#whole(Math.min(end, lineEnd), 1));
    return {
      file: this.file,
      line: line + 1,
      column: characters(this.text.slice(lineStart, from)) + 1,
      length: characters(this.text.slice(from, to)),
    };
  }

  /** Moves an offset out of a surrogate pair: the YAML library counts UTF-16 units. */
  #whole(offset: number, direction: 1 | -1): number {
    const splits = /^[\ud800-\udbff][\udc00-\udfff]$/.test(this.text.slice(offset - 1, offset + 1));
    return splits ? offset + direction : offset;
  }

  #lineOf(offset: number): number {
    let low = 0;
    let high = this.#lineStarts.length - 1;
    while (low < high) {
      const middle = (low + high + 1) >> 1;
      if ((this.#lineStarts[middle] ?? 0) <= offset) low = middle;
      else high = middle - 1;
    }
    return low;
  }
}

function characters(text: string): number {
  return [...text].length;
}
