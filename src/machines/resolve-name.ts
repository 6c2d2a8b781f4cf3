import { lstatSync, readlinkSync, realpathSync } from "node:fs";
import { basename, dirname, isAbsolute, join } from "node:path";
import { HostError } from "../host/host-error.ts";

/** Links followed for one name that is not there yet, as the kernel bounds them. */
const LINKS_MAX = 40;

/**
 * The name without links that the kernel comes to when it opens this one, or makes it. `last`: whether a link at the end is followed; binding a socket does not.
 * @throws HostError where a folder on the way is missing
 */
export function resolveName(path: string, last: "followed" | "kept" = "followed"): string {
  if (path.includes("\0")) throw new HostError(`${JSON.stringify(path)} is no name of a file`, "leave out the NUL");
  let name = path;
  for (let links = 0; links < LINKS_MAX; links++) {
    const canonical = join(folderOf(name), basename(name));
    const target = last === "kept" ? null : linkAt(canonical);
    if (target === null) return canonical;
    name = isAbsolute(target) ? target : `${dirname(canonical)}/${target}`;
  }
  throw new HostError(`${path} leads through more than ${LINKS_MAX} links`, "name the file itself");
}

/** null where there is no link. */
function linkAt(name: string): string | null {
  try {
    return lstatSync(name, { throwIfNoEntry: false })?.isSymbolicLink() === true ? readlinkSync(name) : null;
  } catch (error) {
    throw noWay(name, error);
  }
}

function folderOf(path: string): string {
  const [folder, name] = [dirname(path), basename(path)];
  if (name === "" || name === "." || name === "..")
    throw new HostError(`${path} names no file`, "end it with the file's name");
  try {
    return realpathSync(folder);
  } catch (error) {
    throw noWay(path, error);
  }
}

function noWay(path: string, error: unknown): HostError {
  const code = (error as NodeJS.ErrnoException).code ?? String(error);
  return new HostError(`there is no way to ${path}: ${code}`, `look at the folder ${dirname(path)}`);
}
