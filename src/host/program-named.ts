import { realpathSync, statSync } from "node:fs";
import { isAbsolute, join, resolve } from "node:path";

/** Where systemd looks for a program without a folder (systemd.service(5)). */
const programFolders = [
  ...["/usr/local/sbin", "/usr/local/bin", "/usr/sbin", "/usr/bin", "/sbin", "/bin"],
];

/** Canonical; null if there is none, or only a folder. */
export function programNamed(name: string, from = "/"): string | null {
  const paths = name.includes("/")
    ? [resolve(from, name)]
    : programFolders.map((folder) => join(folder, name));
  for (const path of paths) {
    const found = canonical(path);
    if (found !== null && statSync(found).isFile()) return found;
  }
  return null;
}

/** Without links; null for a name that is not there, or that the caller may not see. */
export function canonical(path: string): string | null {
  if (!isAbsolute(path)) return null;
  try {
    return realpathSync.native(path);
  } catch {
    return null;
  }
}
