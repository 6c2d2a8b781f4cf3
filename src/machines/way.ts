import { lstatSync, readlinkSync, type Stats } from "node:fs";
import { basename, dirname, isAbsolute, join } from "node:path";
import { HostError } from "../host/host-error.ts";

/** The kernel's limit on links in one lookup. */
const LINKS_MAX = 40;

export interface Way {
  /** The name without links; it need not exist. */
  readonly leadsTo: string;
  /**
   * Every name that the lookup passes, links and folders, each without links itself. A process that
   * may make one of them decides where the way leads.
   */
  readonly through: readonly string[];
}

/**
 * Follows a name as the kernel does when it opens or makes it. `last`: whether a link at the end is
 * followed; binding a socket does not.
 * @throws HostError if a folder on the way is missing
 */
export function wayOf(path: string, last: "followed" | "kept" = "followed"): Way {
  if (path.includes("\0"))
    throw new HostError(`${JSON.stringify(path)} is not the name of a file`, "leave out the NUL");
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

/**
 * The target of a link. null for a folder, and at the end of the path for anything else, or
 * nothing.
 */
function targetOf(path: string, at: string, isLast: boolean): string | null {
  try {
    const found: Stats | undefined = lstatSync(at, { throwIfNoEntry: isLast ? false : undefined });
    if (found?.isSymbolicLink()) return readlinkSync(at);
    if (!isLast && !found?.isDirectory()) throw Object.assign(new Error(), { code: "ENOTDIR" });
    return null;
  } catch (error) {
    const code = (error as NodeJS.ErrnoException).code ?? String(error);
    throw new HostError(
      `${path} cannot be reached: ${code}`,
      `look at the folder ${dirname(path)}`,
    );
  }
}
