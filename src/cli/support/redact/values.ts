import { REDACTED } from "./marker.ts";
import { isEnvironmentName, isSecretName } from "./names.ts";

/** A name matches only at the first of its characters, so that the time is linear. */
const assignment = /(?<![\w.-])([\w.-]+)(\\?["']?[ \t]*(?::=|[:=])[ \t]*)/g;
const option = /(?<!\S)--?([A-Za-z][\w.-]*)[ \t]+(?=[^\s-])/g;
/** HTTP headers whose values contain spaces. */
const header = /^(?:proxy-)?authorization$|^(?:set-)?cookie$/i;

/**
 * Takes out values of secret names and of environment variables in one line: `NAME=value`, `name:
 * value`, `"name": "value"`, `--name value`.
 */
export function redactValues(line: string): string {
  return replaceAfter(replaceAfter(line, assignment, isAssigned), option, ([, name = ""]) =>
    isSecretName(name),
  );
}

function isAssigned([, name = "", sign = ""]: RegExpExecArray, line: string, at: number): boolean {
  // A path followed by its error is no secret: `/etc/passwd: no such file`.
  if (sign.includes(":") && line[at - 1] === "/") return false;
  return isSecretName(name) || (sign === "=" && isEnvironmentName(name));
}

/** Puts {@link REDACTED} in place of the value after each match that `isWanted`. */
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

/** `whole`: the value reaches to the end of the line, or of the quote around it. */
function endOfValue(line: string, from: number, whole: boolean): number {
  const opening = /^\\?["']/.exec(line.slice(from, from + 2))?.[0];
  if (opening !== undefined) return endOfQuoted(line, from, opening);
  const rest = line.slice(from);
  if (rest.startsWith(REDACTED) && !/[^\s"'}\],;]/.test(rest[REDACTED.length] ?? " ")) return from;
  // A list or map on one line is one value.
  const length = rest.search(whole || /^[[{]/.test(rest) ? /["']|$/ : /[\s"']|$/);
  return from + length;
}

/** The place after the closing quote; without one, the end of the line. */
function endOfQuoted(line: string, from: number, quote: string): number {
  for (let at = from + quote.length; at < line.length; at++) {
    if (line.startsWith(quote, at)) return at + quote.length;
    if (line[at] === "\\") at++;
  }
  return line.length;
}
