import { existsSync, readFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

/**
 * Limit on the folders above this file that are searched: three from the sources, one from the
 * bundle in dist/.
 */
const LEVELS_ABOVE_MAX = 4;

/** An object file of `bpf/`, by its name there. */
export function readShipped(name: string): Uint8Array {
  let folder = dirname(fileURLToPath(import.meta.url));
  for (let level = 0; level < LEVELS_ABOVE_MAX; level++, folder = dirname(folder)) {
    const file = join(folder, "bpf", name);
    if (existsSync(file)) return readFileSync(file);
  }
  throw new Error(`bpf/${name} is missing beside Cofferdam's program files; install it again`);
}
