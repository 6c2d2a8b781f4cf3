import { closeSync, constants, fstatSync, openSync, readdirSync, readSync } from "node:fs";
import { join } from "node:path";
import { hasCode } from "../../kernel/errno-error.ts";
import type { Context } from "../command.ts";
import type { Part } from "./part.ts";

/** One policy file. */
const POLICY_BYTES_MAX = 256 * 1024;
const { O_RDONLY, O_NONBLOCK, O_NOCTTY } = constants;

/** Each policy file from which domains of this host may be made, unchanged. */
export function policyParts({ places }: Context): readonly Part[] {
  return places.policies.flatMap((folder) => {
    const label = folder === places.shipped ? "shipped" : "own";
    return ["", "abstractions"].flatMap((below) =>
      filesIn(join(folder, below)).map((file) =>
        policyPart(join(folder, below, file), join("policies", label, below, file)),
      ),
    );
  });
}

function policyPart(path: string, name: string): Part {
  return { name, source: path, form: "text", take: () => readBounded(path) };
}

/** Skips names that no policy may have: a file of a bundle may not have them either. */
function filesIn(folder: string): readonly string[] {
  try {
    return readdirSync(folder)
      .filter((name) => /^[A-Za-z\d][\w.@-]*\.yaml$/.test(name))
      .sort();
  } catch (error) {
    if (hasCode(error, "ENOENT", "EACCES", "ENOTDIR")) return [];
    throw error;
  }
}

/** With O_NONBLOCK, opening a pipe in the file's place does not wait. A device is refused. */
function readBounded(path: string): { readonly text: string; readonly note: string | null } {
  const fd = openSync(path, O_RDONLY | O_NONBLOCK | O_NOCTTY);
  try {
    if (!fstatSync(fd).isFile())
      throw Object.assign(new Error("it is not a regular file"), { code: "EINVAL" });
    const bytes = Buffer.alloc(POLICY_BYTES_MAX);
    const length = readSync(fd, bytes, 0, bytes.length, 0);
    const note = fstatSync(fd).size > length ? `the first ${length} bytes` : null;
    return { text: bytes.toString("utf8", 0, length), note };
  } finally {
    closeSync(fd);
  }
}
