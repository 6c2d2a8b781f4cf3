import { dirname, join } from "node:path";
import { HostError } from "../host-error.ts";

export const SSHD_CONFIG = "/etc/ssh/sshd_config";

export interface SshdLine {
  readonly keyword: string;
  readonly args: readonly string[];
  readonly file: string;
  readonly line: number;
}

/** Tests give their own. */
export interface SshdFiles {
  read(path: string): string;
  /** In any order; none for a missing folder. */
  list(folder: string): readonly string[];
}

/** Depth of inclusion, as in sshd (SERVCONF_MAX_DEPTH). */
const INCLUDES_MAX = 16;

/**
 * Every line of a configuration in the order in which sshd reads them, included files in their
 * places. Match lines, and the lines of Match blocks, are lines like all others.
 * @throws HostError for an Include that cannot be followed
 */
export function readSshdConfiguration(
  main: string,
  files: SshdFiles,
  depth = 0,
): readonly SshdLine[] {
  if (depth > INCLUDES_MAX)
    throw new HostError(`${main} is included by itself`, "sshd -t says where");
  return files
    .read(main)
    .split("\n")
    .flatMap((text, at) => {
      const [keyword, ...args] = wordsOf(text);
      if (keyword === undefined) return [];
      const line = { keyword: keyword.toLowerCase(), args, file: main, line: at + 1 };
      if (line.keyword !== "include") return [line];
      const included = args.flatMap((pattern) => namesFor(pattern, files));
      return included.flatMap((file) => readSshdConfiguration(file, files, depth + 1));
    });
}

/**
 * `Keyword arguments` or `Keyword=arguments`; arguments may be quoted, `#` before one begins a
 * comment.
 */
function wordsOf(line: string): readonly string[] {
  const match = /^\s*([^\s=#]+)[\s=]*(.*)$/.exec(line.replace(/\r$/, ""));
  if (match === null) return [];
  const words = [
    ...(match[2] ?? "").matchAll(/"((?:\\.|[^"\\])*)"|'((?:\\.|[^'\\])*)'|(#.*)|([^\s"'#]\S*)/g),
  ];
  const args = words
    .filter(([, , , comment]) => comment === undefined)
    .map(([, double, single, , bare]) =>
      (double ?? single ?? bare ?? "").replaceAll(/\\(["'\\ ])/g, "$1"),
    );
  return [match[1] ?? "", ...args];
}

/** As glob(3), in its order, for a pattern in the last component of a name. */
function namesFor(pattern: string, files: SshdFiles): readonly string[] {
  const path = pattern.startsWith("/") ? pattern : join("/etc/ssh", pattern);
  const folder = dirname(path);
  if (/[*?[\\]/.test(folder))
    throw new HostError(
      `\`Include ${pattern}\` has a pattern among its folders, which is not followed`,
      "name the folder in sshd_config",
    );
  const last = path.slice(folder.length + (folder === "/" ? 0 : 1));
  const wanted = expressionOf(last);
  return files
    .list(folder)
    .filter((name) => wanted.test(name) && (!name.startsWith(".") || last.startsWith(".")))
    .sort((a, b) => Buffer.compare(Buffer.from(a), Buffer.from(b)))
    .map((name) => join(folder, name));
}

function expressionOf(pattern: string): RegExp {
  const parts = [...pattern.matchAll(/\[(!?)([^\]]+)\]|\\(.)|([\s\S])/g)].map(
    ([, not, set, escaped, plain]) => {
      if (set !== undefined)
        return `[${not === "!" ? "^" : ""}${set.replaceAll("\\", "\\\\").replace(/^\^/, "\\^")}]`;
      if (plain === "*") return ".*";
      if (plain === "?") return ".";
      return (escaped ?? plain ?? "").replaceAll(/[.*+?^${}()|[\]\\]/g, "\\$&");
    },
  );
  return new RegExp(`^${parts.join("")}$`, "s");
}
