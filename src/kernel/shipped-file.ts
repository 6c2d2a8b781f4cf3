import { existsSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

/**
 * Limit on the folders above this file that are searched: two from the sources, one from the bundle
 * in dist/.
 */
const LEVELS_ABOVE_MAX = 4;

/**
 * The path of a file that Cofferdam ships, by its path below the folder of the installation or of
 * the clone.
 */
export function shippedFile(name: string): string {
  let folder = dirname(fileURLToPath(import.meta.url));
  for (let level = 0; level < LEVELS_ABOVE_MAX; level++, folder = dirname(folder)) {
    const file = join(folder, name);
    if (existsSync(file)) return file;
  }
  throw new Error(`${name} is missing beside Cofferdam's program files; install it again`);
}
