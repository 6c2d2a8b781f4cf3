import { spawn } from "node:child_process";
import { join } from "node:path";
import { ApiError } from "../../agent/api/route.ts";
import type { Places } from "../../host/places.ts";
import { killChild } from "../../kernel/kill-child.ts";
import { COLLECT_WAIT_MS, COLLECTED_BYTES_MAX, COLLECTS_MAX } from "./limits.ts";

/** The rights with which a bundle is made. */
export interface Viewer {
  readonly uid: number;
  readonly gid: number;
  readonly administers: boolean;
}

const failed = new ApiError(
  500,
  "the bundle could not be made",
  "the messages of the session server tell why",
);
const busy = new ApiError(503, "another bundle is being made", "try again when it is done");

/**
 * Makes the parts of a bundle, in a process of its own: `cofferdam support --collect`, outside
 * every domain. Nothing of a request reaches it. Root and administrators get what root may read.
 * Other users get what they may read themselves, without their own files: the home is an empty
 * folder of root's.
 */
export class Collector {
  readonly #program: string;
  readonly #home: string;
  readonly #log: (text: string) => void;
  readonly #running = { administrators: 0, others: 0 };

  constructor(places: Places, log: (text: string) => void) {
    this.#program = join(places.home, "bin", "cofferdam");
    this.#home = places.system.sessions.empty;
    this.#log = log;
  }

  /** JSON. @throws ApiError when too many are being made, or this one fails */
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
        // Without supplementary groups, which setgroups(2) of spawn clears.
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

/** Characters of what it says about a failure. */
const COMPLAINT_LENGTH_MAX = 2_000;
