import { isBlank, nextWord, quoteWord, skipBlanks, UnitSyntaxError } from "./words.ts";

/** One command of an `ExecStart=` and its like (systemd.service(5), COMMAND LINES). */
export interface ExecCommand {
  /** `-`, `@`, `:`, and one of `+`, `!`, `!!`, in the order of the line. */
  readonly prefixes: readonly Prefix[];
  /** The program; specifiers are not expanded. */
  readonly path: string;
  /** As written in the unit file. */
  readonly rawPath: string;
  /** With `@` argv[0] comes first. What is to become `;` is `\;`. */
  readonly rawArguments: readonly string[];
  readonly arguments: readonly string[];
}

export type Prefix = "-" | "@" | ":" | "+" | "!" | "!!";

/**
 * The commands of one line after `ExecStart=`; none for an empty line, which resets the list.
 *
 * As config_parse_exec() (src/core/load-fragment.c): prefixes are part of the first word, quoted or
 * not; a word `;` that is neither quoted nor escaped begins the next command.
 * @throws UnitSyntaxError where systemd would ignore or refuse the line
 */
export function parseExecLine(line: string): readonly ExecCommand[] {
  const commands: ExecCommand[] = [];
  let at = 0;
  for (;;) {
    const first = nextWord(line, at);
    if (first === null) return commands;
    at = first.end;
    if (first.text === ";") continue;
    const { prefixes, path } = splitPrefixes(first.text);
    requireProgram(path);
    const rest = argumentsFrom(line, at);
    at = rest.end;
    if (prefixes.includes("@") && rest.words.length === 0)
      throw new UnitSyntaxError("`@` is followed by no name for the program");
    const isPlain = first.raw === first.text;
    const rawPath = isPlain ? first.raw.slice(prefixes.join("").length) : quoteWord(path);
    commands.push({
      ...{ prefixes, path, rawPath },
      rawArguments: rest.words.map(({ raw }) => raw),
      arguments: rest.words.map(({ text }) => text),
    });
  }
}

function argumentsFrom(line: string, from: number) {
  const words: { readonly raw: string; readonly text: string }[] = [];
  let at = skipBlanks(line, from);
  while (at < line.length) {
    const ends = (length: number): boolean =>
      at + length >= line.length || isBlank(line[at + length]);
    if (line[at] === ";" && ends(1)) return { words, end: at + 1 };
    if (line.startsWith("\\;", at) && ends(2)) {
      words.push({ raw: "\\;", text: ";" });
      at = skipBlanks(line, at + 2);
      continue;
    }
    const word = nextWord(line, at);
    if (word === null) break;
    words.push(word);
    at = skipBlanks(line, word.end);
  }
  return { words, end: line.length };
}

/** Each prefix once, and one of `+`, `!` and `!!`; the next character begins the path. */
function splitPrefixes(word: string) {
  const prefixes: Prefix[] = [];
  let at = 0;
  for (; at < word.length; at++) {
    const one = word[at] ?? "";
    const hasPrivilege = prefixes.some((prefix) => ["+", "!", "!!"].includes(prefix));
    if (one === "|") throw new UnitSyntaxError("the prefix `|` asks for a user's shell");
    if ((one === "-" || one === "@" || one === ":") && !prefixes.includes(one)) prefixes.push(one);
    else if ((one === "+" || one === "!") && !hasPrivilege) prefixes.push(one);
    else if (one === "!" && prefixes.at(-1) === "!") prefixes.splice(-1, 1, "!!");
    else break;
  }
  return { prefixes, path: word.slice(at) };
}

function requireProgram(path: string): void {
  if (path === "") throw new UnitSyntaxError("there is no program in it");
  if (path.endsWith("/")) throw new UnitSyntaxError(`\`${path}\` is a directory's name`);
  if (!path.startsWith("/") && (path.includes("/") || path.startsWith(".")))
    throw new UnitSyntaxError(`\`${path}\` is neither absolute nor a mere name`);
}
