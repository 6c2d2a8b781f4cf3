import {
  closeSync,
  constants,
  fchmodSync,
  fstatSync,
  fsyncSync,
  lstatSync,
  openSync,
  unlinkSync,
  writeSync,
} from "node:fs";
import { PRIVATE_FILE } from "../../base/modes.ts";
import { hasCode } from "../../kernel/errno-error.ts";
import { CommandError } from "../command.ts";

const { O_CREAT, O_EXCL, O_NOFOLLOW, O_WRONLY } = constants;
const MODE = PRIVATE_FILE;

/**
 * Writes a new file in the working directory, completely and synced, or none. Does not follow,
 * write or replace anything that has the name.
 * @throws CommandError with what to do
 */
export function writeNew(name: string, bytes: Uint8Array): void {
  const fd = create(name);
  try {
    // Independent of the umask.
    fchmodSync(fd, MODE);
    for (let done = 0; done < bytes.length; ) done += writeSync(fd, bytes, done);
    fsyncSync(fd);
  } catch (error) {
    removeOwn(name, fd);
    throw explained(name, error);
  } finally {
    closeSync(fd);
  }
}

/**
 * Checks at the beginning whether {@link writeNew} can succeed later. Leaves nothing behind.
 * @throws CommandError with what to do
 */
export function tryNew(name: string): void {
  const fd = create(name);
  removeOwn(name, fd);
  closeSync(fd);
}

function create(name: string): number {
  try {
    return openSync(name, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW, MODE);
  } catch (error) {
    throw explained(name, error);
  }
}

/**
 * Removes an incomplete file. If others may write to the folder, the name may be another file's by
 * now, so its identity is checked.
 */
function removeOwn(name: string, fd: number): void {
  const own = fstatSync(fd);
  const now = lstatSync(name, { throwIfNoEntry: false });
  if (now?.ino === own.ino && now.dev === own.dev) unlinkSync(name);
}

const elsewhere = "name a folder with room that you may write: cofferdam support -w FOLDER";

function explained(name: string, error: unknown): unknown {
  if (hasCode(error, "EEXIST"))
    return new CommandError(`\`${name}\` is there already`, "try again");
  if (hasCode(error, "ENOSPC", "EDQUOT", "EFBIG"))
    return new CommandError(
      "there is no room for the bundle here; nothing is left of it",
      elsewhere,
    );
  return error instanceof Error && "code" in error
    ? new CommandError(`the bundle cannot be written here: ${error.code}`, elsewhere)
    : error;
}
