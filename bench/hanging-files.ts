import { type ChildProcess, spawn, spawnSync } from "node:child_process";
import * as fs from "node:fs";
import { setTimeout as pause } from "node:timers/promises";

/** How long a file system may take to be there, in milliseconds. */
const START_MS = 10_000;
const LOOK_MS = 20;

/** What stands in front of a command, and the command. */
export type Words = (command: readonly string[]) => readonly string[];

/** In a process of its own: a file system that does not answer would keep this one. */
function run(words: readonly string[]): string {
  const [program = "", ...args] = words;
  return spawnSync(program, args, { encoding: "utf8", timeout: START_MS }).stdout;
}

/**
 * A file system of `programs/hanging-files.c` on a folder. {@link end} frees whatever waits for it,
 * also in the kernel.
 */
export class HangingFiles {
  readonly folder: string;
  readonly #server: ChildProcess;
  readonly #abort: string;
  readonly #words: Words;

  private constructor(folder: string, server: ChildProcess, abort: string, words: Words) {
    this.folder = folder;
    this.#server = server;
    this.#abort = abort;
    this.#words = words;
  }

  /** `words` leads to the mounts in which `folder` is made. */
  static async start(program: string, folder: string, words: Words): Promise<HangingFiles> {
    run(words(["mkdir", folder]));
    const device = () => Number(run(words(["stat", "--format=%d", folder])));
    const before = device();
    const [command = "", ...args] = words([program, folder]);
    const server = spawn(command, args, { stdio: ["pipe", "ignore", "inherit"] });
    for (const since = performance.now(); ; await pause(LOOK_MS)) {
      const now = device();
      if (now > 0 && now !== before) return new HangingFiles(folder, server, abortFile(now), words);
      if (server.exitCode !== null || performance.now() - since > START_MS) {
        server.kill("SIGKILL");
        throw new Error(`there is no file system on ${folder}`);
      }
    }
  }

  end(): void {
    // By the kernel first, where its control files are mounted; the end of the server, which has
    // the one descriptor of the connection, does the same.
    if (fs.existsSync(this.#abort)) fs.writeFileSync(this.#abort, "1");
    this.#server.kill("SIGKILL");
    run(this.#words(["umount", "--lazy", this.folder]));
  }
}

/** The kernel names a connection after the device number of its file system. */
export function abortFile(device: number): string {
  return `/sys/fs/fuse/connections/${device}/abort`;
}
