import { setTimeout } from "node:timers/promises";
import { O_CLOEXEC, O_DIRECTORY, O_RDONLY } from "../../kernel/constants.ts";
import { close, open } from "../../kernel/ffi.ts";
import { tryLock } from "../../kernel/file-lock.ts";
import { AnchorError } from "./errors.ts";

const LOCK_WAIT_MAX_MS = 10_000;
const LOCK_RETRY_MS = 5;

/**
 * Runs `work` while it holds the lock of `folder` (flock(2) on the directory itself, which ends
 * with the process, so a dead owner never keeps it). Only the owner may be able to open the folder,
 * or others could hold the lock forever.
 */
export async function withFolderLock<T>(
  folder: string,
  work: () => T,
  waitMs = LOCK_WAIT_MAX_MS,
): Promise<T> {
  const fd = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  try {
    const deadline = performance.now() + waitMs;
    while (!tryLock(fd)) {
      if (performance.now() > deadline) {
        throw new AnchorError(
          `${folder} has been locked by another process for ${waitMs} ms; try again when it is` +
            " done",
        );
      }
      await setTimeout(LOCK_RETRY_MS);
    }
    return work();
  } finally {
    close(fd);
  }
}
