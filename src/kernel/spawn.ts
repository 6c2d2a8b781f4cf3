import { F_DUPFD_CLOEXEC } from "./constants.ts";
import { ErrnoError } from "./errno-error.ts";
import { close, loadLibrary, syscall } from "./ffi.ts";

const libc = loadLibrary("libc.so.6");

/** glibc's posix_spawn_file_actions_t has 80 bytes on x86_64; its contents are opaque here. */
const FILE_ACTIONS_BYTES = 128;
const fileActionsInit: (actions: Uint8Array) => number = libc.func(
  "int posix_spawn_file_actions_init(void *actions)",
);
const fileActionsDup2: (actions: Uint8Array, from: number, to: number) => number = libc.func(
  "int posix_spawn_file_actions_adddup2(void *actions, int from, int to)",
);
const fileActionsCloseFrom: (actions: Uint8Array, first: number) => number = libc.func(
  "int posix_spawn_file_actions_addclosefrom_np(void *actions, int first)",
);
const fileActionsChdir: (actions: Uint8Array, folder: string) => number = libc.func(
  "int posix_spawn_file_actions_addchdir_np(void *actions, const char *folder)",
);
const fileActionsDestroy: (actions: Uint8Array) => number = libc.func(
  "int posix_spawn_file_actions_destroy(void *actions)",
);
const rawSpawn: (
  pid: Uint8Array,
  path: string,
  actions: Uint8Array,
  attributes: null,
  argv: readonly (string | null)[],
  envp: readonly (string | null)[],
) => number = libc.func(
  "int posix_spawn(void *pid, const char *path, void *actions, void *attributes, const char" +
    " **argv, const char **envp)",
);

/**
 * Starts a program with exactly these descriptors, numbered from 0, and returns its process id.
 * posix_spawn(3) copies no memory, so a large process is not delayed. `folder` becomes its working
 * directory; null keeps the caller's. The child inherits this thread's signal mask and this
 * process's ignored signals. The caller must reap it (wait4).
 */
export function spawnProcess(
  path: string,
  args: readonly string[],
  environment: readonly string[],
  descriptors: readonly number[],
  folder: string | null = null,
): number {
  const actions = Buffer.alloc(FILE_ACTIONS_BYTES);
  const pid = Buffer.alloc(4);
  const high: number[] = [];
  required("posix_spawn_file_actions_init", fileActionsInit(actions));
  try {
    // Copies above all given numbers, so that none is overwritten before it is copied.
    for (const fd of descriptors)
      high.push(syscall("fcntl", fd, F_DUPFD_CLOEXEC, descriptors.length));
    for (const [to, from] of high.entries())
      required("adddup2", fileActionsDup2(actions, from, to));
    if (folder !== null) required("addchdir", fileActionsChdir(actions, folder));
    required("addclosefrom", fileActionsCloseFrom(actions, descriptors.length));
    required(
      `start ${path}`,
      rawSpawn(pid, path, actions, null, [path, ...args, null], [...environment, null]),
    );
  } finally {
    for (const fd of high) close(fd);
    fileActionsDestroy(actions);
  }
  return pid.readInt32LE(0);
}

/** For functions that return their error number instead of setting errno. */
function required(call: string, error: number): void {
  if (error !== 0) throw new ErrnoError(call, error);
}
