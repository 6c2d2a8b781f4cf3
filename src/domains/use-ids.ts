import { join } from "node:path";
import { PRIVATE_FILE } from "../base/modes.ts";
import { readJson } from "../base/read-json.ts";
import * as is from "../base/schema.ts";
import { type UseIds, usePrograms } from "../kernel/bpf/capability-uses.ts";
import { readIfThere } from "../kernel/read-if-there.ts";
import { replaceFile } from "../kernel/replace-file.ts";

/** In the folder of the host's running state. */
const FILE = "capability-uses";

const useIds = is.object({
  name: is.oneOf(...usePrograms),
  program: is.whole(),
  watched: is.whole(),
  uses: is.whole(),
  used: is.whole(),
});

/**
 * Of the program that the last collector of the kernel's refusals loaded; it may be gone. null if
 * there was none in this boot.
 */
export function readUseIds(folder: string): UseIds | null {
  const text = readIfThere(join(folder, FILE));
  const read = text === null ? null : readJson(useIds, text);
  return read?.state === "good" ? read.value : null;
}

export function writeUseIds(folder: string, ids: UseIds): void {
  replaceFile(join(folder, FILE), Buffer.from(`${JSON.stringify(ids)}\n`), PRIVATE_FILE);
}
