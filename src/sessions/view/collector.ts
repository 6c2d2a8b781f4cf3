import { spawn } from "node:child_process";
import { ApiError } from "../../agent/api/route.ts";
import { launcherOf, type Places } from "../../host/places.ts";
import { killChild } from "../../kernel/kill-child.ts";
import { COLLECT_WAIT_MS, COLLECTED_BYTES_MAX, COLLECTS_MAX } from "./limits.ts";

export interface Viewer {
  readonly uid: number;
  readonly gid: number;
  readonly administers: boolean;
}

const failed = new ApiError(
  500,
  "the bundle could not be made",
  "the log of the session server says why",
);
const busy = new ApiError(503, "another bundle is being made", "try again when it is done");

/**
 * Makes the parts of a support bundle in a process of its own, `cofferdam support --collect`,
 * outside every domain. Nothing from a request reaches that process. For root and administrators it
 * runs as root. For other users it runs as the user, with an empty directory of root's as home, so
 * that it reads none of the user's own files.
 */
export class Collector {
  readonly #program: string;
  readonly #home: string;
  readonly #log: (text: string) => void;
  readonly #running = { administrators: 0, others: 0 };

  constructor(places: Places, log: (text: string) => void) {
    this.#program = launcherOf(places);
    this.#home = places.system.sessions.empty;
    this.#log = log;
  }

  /** Returns JSON. @throws ApiError if too many are being made, or this one fails */
  async collect(viewer: Viewer): Promise<Buffer> {
    const whose = viewer.administers ? "administrators" : "others";
    if (this.#running[whose] >= COLLECTS_MAX) throw busy;
    this.#running[whose] += 1;
    try {
      return await this.#run(viewer);
    } finally {
      this.#running[whose] -= 1;
    }
  }

  #run({ uid, gid, administers }: Viewer): Promise<Buffer> {
    return new Promise((resolve, reject) => {
      const child = spawn(this.#program, ["support", "--collect"], {
        // spawn() clears the supplementary groups.
        ...(administers ? {} : { uid, gid }),
        cwd: "/",
        env: { PATH: "/usr/sbin:/usr/bin:/sbin:/bin", HOME: this.#home, LANG: "C.UTF-8" },
        stdio: ["ignore", "pipe", "pipe"],
      });
      const timer = setTimeout(() => killChild(child, "SIGKILL"), COLLECT_WAIT_MS);
      const chunks: Buffer[] = [];
      let length = 0;
      let complaint = "";
      child.stdout.on("data", (chunk: Buffer) => {
        length += chunk.length;
        if (length > COLLECTED_BYTES_MAX) killChild(child, "SIGKILL");
        else chunks.push(chunk);
      });
      child.stderr.on("data", (chunk: Buffer) => {
        complaint = `${complaint}${chunk}`.slice(0, COMPLAINT_LENGTH_MAX);
      });
      const fail = (why: string): void => {
        this.#log(`a bundle could not be made: ${why}`);
        reject(failed);
      };
      child.once("error", (error) => {
        clearTimeout(timer);
        fail(error.message);
      });
      child.once("close", (status, signal) => {
        clearTimeout(timer);
        if (status === 0) resolve(Buffer.concat(chunks));
        else fail(`${signal ?? status}: ${complaint}`);
      });
    });
  }
}

/** Characters kept of the process's standard error. */
const COMPLAINT_LENGTH_MAX = 2_000;
