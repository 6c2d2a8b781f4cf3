/**
 * Breaks text at spaces so that no line exceeds `width`, except for longer words. All lines but the
 * first begin with `indent`.
 */
export function wrap(text: string, width: number, indent: string): string {
  const lead = /^ */.exec(text)?.[0] ?? "";
  const lines: string[] = [];
  let line = lead;
  for (const word of text.trim().split(" ")) {
    const joined = line.trim() === "" ? line + word : `${line} ${word}`;
    if ([...joined].length <= width || line.trim() === "") line = joined;
    else {
      lines.push(line);
      line = indent + word;
    }
  }
  return [...lines, line].join("\n");
}
