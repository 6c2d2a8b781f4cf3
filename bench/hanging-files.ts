import { type ChildProcess, spawn, spawnSync } from "node:child_process";
import * as fs from "node:fs";
import { setTimeout as pause } from "node:timers/promises";

/** How long a file system may take to be there, in milliseconds. */
const START_MS = 10_000;
const LOOK_MS = 20;

/**
 * A file system of `programs/hanging-files.c` on a folder. {@link end} frees whatever waits for it,
 * also in the kernel.
 */
export class HangingFiles {
  readonly folder: string;
  readonly #server: ChildProcess;
  readonly #abort: string;

  private constructor(folder: string, server: ChildProcess, abort: string) {
    this.folder = folder;
    this.#server = server;
    this.#abort = abort;
  }

  static async start(program: string, folder: string): Promise<HangingFiles> {
    fs.mkdirSync(folder);
    const before = fs.statSync(folder).dev;
    const server = spawn(program, [folder], { stdio: ["pipe", "ignore", "inherit"] });
    for (const since = performance.now(); ; await pause(LOOK_MS)) {
      // Asked about in another process: a file system that does not answer would keep this one.
      const { stdout } = spawnSync("stat", ["--format=%d", folder], {
        encoding: "utf8",
        timeout: START_MS,
      });
      const device = Number(stdout);
      if (device > 0 && device !== before)
        return new HangingFiles(folder, server, abortFile(device));
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
    spawnSync("umount", ["--lazy", this.folder], { stdio: "ignore" });
  }
}

/** The kernel names a connection after the device number of its file system. */
export function abortFile(device: number): string {
  return `/sys/fs/fuse/connections/${device}/abort`;
}
