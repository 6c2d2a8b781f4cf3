/**
 * Words of a line of a unit file, split as systemd does (extract_first_word() with EXTRACT_UNQUOTE
 * and EXTRACT_CUNESCAPE, src/basic/extract-word.c; cunescape_one(), src/basic/escape.c): blanks
 * separate, quotes may begin anywhere in a word, and a backslash escapes also between single
 * quotes.
 */
export interface Word {
  /** With its quotes and escapes. */
  readonly raw: string;
  /** Unquoted. Specifiers and variables are expanded later. */
  readonly text: string;
  /** Where the next word may begin. */
  readonly end: number;
}

/** systemd would not accept the line. */
export class UnitSyntaxError extends Error {}

const BLANKS = " \t\n\r";

export function isBlank(character: string | undefined): boolean {
  return character !== undefined && BLANKS.includes(character);
}

export function skipBlanks(line: string, from: number): number {
  let at = from;
  while (isBlank(line[at])) at++;
  return at;
}

const simple: Readonly<Record<string, string>> = {
  ...{ a: "\x07", b: "\b", f: "\f", n: "\n", r: "\r", t: "\t", v: "\v" },
  ...{ "\\": "\\", '"': '"', "'": "'", s: " " },
};

/** Escapes with a number, by their letter: digits and base. An octal one has no letter. */
const numbered: readonly { readonly form: RegExp; readonly base: number }[] = [
  { form: /^x([0-9a-fA-F]{2})/, base: 16 },
  { form: /^u([0-9a-fA-F]{4})/, base: 16 },
  { form: /^U([0-9a-fA-F]{8})/, base: 16 },
  { form: /^([0-3][0-7]{2})/, base: 8 },
];

/** Eight hexadecimal digits and their letter. */
const ESCAPE_MAX = 9;
const LAST_CODE_POINT = 0x10ffff;

/** `rest`: after the backslash. systemd keeps an unknown escape unchanged, with a warning. */
function unescaped(rest: string): { readonly text: string; readonly length: number } {
  const one = rest[0] ?? "";
  const plain = simple[one];
  if (plain !== undefined) return { text: plain, length: 1 };
  for (const { form, base } of numbered) {
    const found = form.exec(rest.slice(0, ESCAPE_MAX));
    const code = Number.parseInt(found?.[1] ?? "0", base);
    if (found !== null && code > 0 && code <= LAST_CODE_POINT)
      return { text: String.fromCodePoint(code), length: found[0].length };
  }
  return { text: `\\${one}`, length: 1 };
}

/**
 * The word at `from`, or after blanks there; null at the end of the line.
 * @throws UnitSyntaxError for quotes that are not closed, or a backslash at the end
 */
export function nextWord(line: string, from: number): Word | null {
  const start = skipBlanks(line, from);
  if (start >= line.length) return null;
  let at = start;
  let quote = "";
  let text = "";
  for (; at < line.length; at++) {
    const one = line[at] ?? "";
    if (quote === "" && isBlank(one)) break;
    if (one === "\\") {
      if (at + 1 === line.length) throw new UnitSyntaxError("a backslash ends the line");
      const found = unescaped(line.slice(at + 1));
      text += found.text;
      at += found.length;
    } else if (one === quote) quote = "";
    else if (quote === "" && (one === '"' || one === "'")) quote = one;
    else text += one;
  }
  if (quote !== "") throw new UnitSyntaxError(`the quotes ${quote} are not closed`);
  return { raw: line.slice(start, at), text, end: at };
}

/** {@link nextWord} finds `text` again. */
export function quoteWord(text: string): string {
  if (/^[\w/.@:+,=%$-]+$/.test(text)) return text;
  const escaped = text.replaceAll(/[\\"]/g, "\\$&").replaceAll("\n", "\\n").replaceAll("\t", "\\t");
  return `"${escaped}"`;
}
