import { lstatSync, readlinkSync, type Stats } from "node:fs";
import { basename, dirname, isAbsolute, join } from "node:path";
import { HostError } from "../host/host-error.ts";

/** Links followed for one name, as the kernel bounds them. */
const LINKS_MAX = 40;

/** Where a name leads. */
export interface Way {
  /** The name without links, whether or not there is something yet. */
  readonly leadsTo: string;
  /**
   * Every name that is looked at on the way, links and folders, none of them through a link. A
   * process that may make one of them decides where the way leads.
   */
  readonly through: readonly string[];
}

/**
 * What the kernel comes by, and to, when it opens this name or makes it. `last`: whether a link at
 * the end is followed; binding a socket does not.
 * @throws HostError where a folder on the way is missing
 */
export function wayOf(path: string, last: "followed" | "kept" = "followed"): Way {
  if (path.includes("\0"))
    throw new HostError(`${JSON.stringify(path)} is no name of a file`, "leave out the NUL");
  if (["", ".", ".."].includes(basename(path)))
    throw new HostError(`${path} names no file`, "end it with the file's name");
  const through: string[] = [];
  let at = "/";
  let links = 0;
  for (const rest = wordsOf(path); rest.length > 0; ) {
    const word = rest.shift() ?? "";
    at = word === ".." ? dirname(at) : join(at, word);
    if (word === "..") continue;
    through.push(at);
    if (rest.length === 0 && last === "kept") break;
    const target = targetOf(path, at, rest.length === 0);
    if (target === null) continue;
    links += 1;
    if (links > LINKS_MAX)
      throw new HostError(
        `${path} leads through more than ${LINKS_MAX} links`,
        "name the file itself",
      );
    rest.unshift(...wordsOf(target));
    at = isAbsolute(target) ? "/" : dirname(at);
  }
  return { leadsTo: at, through };
}

function wordsOf(path: string): string[] {
  return path.split("/").filter((word) => word !== "" && word !== ".");
}

/** null where there is no link: a folder, and at the end whatever is there or not. */
function targetOf(path: string, at: string, isLast: boolean): string | null {
  try {
    const found: Stats | undefined = lstatSync(at, { throwIfNoEntry: isLast ? false : undefined });
    if (found?.isSymbolicLink()) return readlinkSync(at);
    if (!isLast && !found?.isDirectory()) throw Object.assign(new Error(), { code: "ENOTDIR" });
    return null;
  } catch (error) {
    const code = (error as NodeJS.ErrnoException).code ?? String(error);
    throw new HostError(
      `there is no way to ${path}: ${code}`,
      `look at the folder ${dirname(path)}`,
    );
  }
}
