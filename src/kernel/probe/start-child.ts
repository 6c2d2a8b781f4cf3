import { MFD_CLOEXEC, POLLIN, SIGKILL } from "../constants.ts";
import { close, cString, hasCode, kill, poll, pread, pwrite, syscall, waitpid } from "../ffi.ts";
import { spawnProcess } from "../spawn.ts";

/**
 * Milliseconds; the child needs about 5, and on an emulated machine with other work a hundred times
 * that. One that is killed leaves its features unknown, and the domain does not start.
 */
export const CHILD_TIMEOUT_MS = 60_000;
/** A probe's results are a few hundred bytes. */
const OUTPUT_BYTES_MAX = 1 << 16;

/**
 * Starts a program in `/` with an empty environment and `input` as its standard input, so that
 * several can run at the same time. The returned function waits for its end and returns its output;
 * it throws if the program failed. Node's own functions either block or return to the event loop.
 */
export function startChild(path: string, input: Uint8Array): () => Buffer {
  const nothing = Buffer.alloc(0);
  const [stdin, stdout, stderr] = [memory(input), memory(nothing), memory(nothing)] as const;
  const drop = () => [stdin, stdout, stderr].forEach(close);
  try {
    const pid = spawnProcess(path, [], [], [stdin, stdout, stderr], "/");
    return () => {
      try {
        const status = endOf(pid);
        if (status !== 0)
          throw new Error(
            `the probing child failed: ${lastLine(contentOf(stderr)) || `status ${status}`}`,
          );
        return contentOf(stdout);
      } finally {
        drop();
      }
    };
  } catch (error) {
    drop();
    throw new Error(
      `the probing child could not be run: ${error instanceof Error ? error.message : error}`,
    );
  }
}

/** Status of wait(2). */
function endOf(pid: number): number {
  const handle = syscall("pidfd_open", pid, 0);
  const deadline = performance.now() + CHILD_TIMEOUT_MS;
  try {
    for (let ended = false; !ended; ) {
      const left = Math.ceil(deadline - performance.now());
      if (left <= 0) kill(pid, SIGKILL);
      ended =
        unlessInterrupted(
          () => (poll([{ fd: handle, events: POLLIN }], Math.max(left, 0))[0] ?? 0) !== 0,
        ) ?? false;
    }
  } finally {
    close(handle);
  }
  for (;;) {
    const ended = unlessInterrupted(() => waitpid(pid, 0));
    if (ended !== null) return ended.status;
  }
}

/** null if a signal interrupted, such as the end of another child. */
function unlessInterrupted<T>(wait: () => T): T | null {
  try {
    return wait();
  } catch (error) {
    if (hasCode(error, "EINTR")) return null;
    throw error;
  }
}

function memory(bytes: Uint8Array): number {
  const fd = syscall("memfd_create", cString("cofferdam-probe"), MFD_CLOEXEC);
  for (let at = 0; at < bytes.length; ) at += pwrite(fd, bytes.subarray(at), BigInt(at));
  return fd;
}

function contentOf(fd: number): Buffer {
  const buffer = Buffer.alloc(OUTPUT_BYTES_MAX);
  return buffer.subarray(0, pread(fd, buffer, 0n));
}

function lastLine(text: Buffer): string {
  return text.toString().trim().split("\n").at(-1) ?? "";
}
