/** A line of a text, and what an edit did with it. */
export interface DiffLine {
  readonly sign: " " | "+" | "-";
  /** In the new text, from 1; of a line that is gone: of the one in its place. */
  readonly number: number;
  readonly text: string;
}

/** Lines around a change that are shown. */
const AROUND = 2;

/**
 * Every line of two texts, where the second one has lines more than the first, or longer ones in
 * their place.
 */
export function lineDifference(before: string, after: string): readonly DiffLine[] {
  const [old, now] = [linesOf(before), linesOf(after)];
  const found: DiffLine[] = [];
  let at = 0;
  const add = (end: number) => {
    for (; at < end; at++) found.push({ sign: "+", number: at + 1, text: now[at] ?? "" });
  };
  for (const text of old) {
    const next = now.indexOf(text, at);
    if (next < 0) found.push({ sign: "-", number: at + 1, text });
    else {
      add(next);
      found.push({ sign: " ", number: at + 1, text });
      at += 1;
    }
  }
  add(now.length);
  return found;
}

/** The end of a text's last line begins no line. */
function linesOf(text: string): readonly string[] {
  const lines = text.split(/\r?\n/);
  return lines.at(-1) === "" ? lines.slice(0, -1) : lines;
}

/** What changed, with the lines around it; `null` stands for lines that are left out. */
export function excerpts(lines: readonly DiffLine[]): readonly (DiffLine | null)[] {
  const near = new Set<number>();
  for (const [at, { sign }] of lines.entries())
    if (sign !== " ") for (let i = at - AROUND; i <= at + AROUND; i++) near.add(i);
  return lines.flatMap((line, at) => {
    if (near.has(at)) return [line];
    return near.has(at - 1) ? [null] : [];
  });
}
