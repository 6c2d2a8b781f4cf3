import { REDACTED } from "./marker.ts";
import { isEnvironmentName, isSecretName } from "./names.ts";

/**
 * Names are looked at where they begin: in a run of their characters only the first place counts,
 * so that the time taken is linear.
 */
const assignment = /(?<![\w.-])([\w.-]+)(\\?["']?[ \t]*(?::=|[:=])[ \t]*)/g;
const option = /(?<!\S)--?([A-Za-z][\w.-]*)[ \t]+(?=[^\s-])/g;
/** Headers of HTTP, whose values have spaces in them. */
const header = /^(?:proxy-)?authorization$|^(?:set-)?cookie$/i;

/**
 * Values of names that say they are secret, and of environment variables: `NAME=value`, `name:
 * value`, `"name": "value"`, `--name value`. One line.
 */
export function redactValues(line: string): string {
  return replaceAfter(replaceAfter(line, assignment, isAssigned), option, ([, name = ""]) =>
    isSecretName(name),
  );
}

function isAssigned([, name = "", sign = ""]: RegExpExecArray, line: string, at: number): boolean {
  // A path and what is wrong with it: `/etc/passwd: no such file`.
  if (sign.includes(":") && line[at - 1] === "/") return false;
  return isSecretName(name) || (sign === "=" && isEnvironmentName(name));
}

/** Puts {@link REDACTED} in place of the value behind each match that `isWanted`. */
function replaceAfter(
  line: string,
  pattern: RegExp,
  isWanted: (match: RegExpExecArray, line: string, at: number) => boolean,
): string {
  let result = "";
  let done = 0;
  pattern.lastIndex = 0;
  for (let match = pattern.exec(line); match !== null; match = pattern.exec(line)) {
    if (!isWanted(match, line, match.index)) continue;
    const from = match.index + match[0].length;
    const to = endOfValue(line, from, header.test(match[1] ?? ""));
    if (to === from) continue;
    result += `${line.slice(done, from)}${REDACTED}`;
    done = to;
    pattern.lastIndex = to;
  }
  return result + line.slice(done);
}

/** `whole`: up to the end of the line, or the quote around all of it. */
function endOfValue(line: string, from: number, whole: boolean): number {
  const opening = /^\\?["']/.exec(line.slice(from, from + 2))?.[0];
  if (opening !== undefined) return endOfQuoted(line, from, opening);
  const rest = line.slice(from);
  if (rest.startsWith(REDACTED) && !/[^\s"'}\],;]/.test(rest[REDACTED.length] ?? " ")) return from;
  // A list or a map on one line is the value with all that is in it.
  const length = rest.search(whole || /^[[{]/.test(rest) ? /["']|$/ : /[\s"']|$/);
  return from + length;
}

/** Behind the closing quote; a value that nobody closed reaches to the end. */
function endOfQuoted(line: string, from: number, quote: string): number {
  for (let at = from + quote.length; at < line.length; at++) {
    if (line.startsWith(quote, at)) return at + quote.length;
    if (line[at] === "\\") at++;
  }
  return line.length;
}
