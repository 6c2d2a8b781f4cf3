import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { createInterface, type Interface } from "node:readline";
import type { ScratchRoot } from "./scratch-root.ts";

/** Two files, of which its domains grant one. */
export const GRANTED = "/srv/granted";
export const DENIED = "/srv/denied";

const policy = (mediation: string): string => `summary: answers whether it may read a file
level: enforcing
mediation: ${mediation}
include: [base]
files:
  - rx /usr/bin/dash
  - r ${GRANTED}
inherit: [stdio-sockets]
syscalls: ["@system-service"]
`;

/** Reads a line of the file each time it is asked, so that each answer is the kernel's of then. */
const program =
  'while read -r name; do if read -r line <"$name"; then echo granted; else echo denied; fi; done';

/** Puts the files, and the domains `sealed` and `supervised`, where they belong. */
export function prepareDaemons(root: ScratchRoot): void {
  root.sh('for file; do echo a line >"$file"; done', GRANTED, DENIED);
  root.sh("mkdir -p /etc/cofferdam/domains");
  for (const name of ["sealed", "supervised"])
    root.sh('printf %s "$2" >"/etc/cofferdam/domains/$1.yaml"', name, policy(name));
}

/** A daemon that is started in a domain by what is installed there. */
export class Daemon {
  readonly #child: ChildProcess;
  readonly #answers: AsyncIterator<string>;
  readonly #lines: Interface;

  constructor(root: ScratchRoot, domain: "sealed" | "supervised") {
    const run = ["cofferdam", "run", domain, "--", "/usr/bin/dash", "-c", program];
    const [first = "", ...args] = root.command(run);
    this.#child = spawn(first, args, { stdio: ["pipe", "pipe", "ignore"] });
    // Of one that has ended the answer tells.
    this.#child.stdin?.on("error", () => undefined);
    if (this.#child.stdout === null) throw new Error("it has no standard output");
    this.#lines = createInterface({ input: this.#child.stdout });
    this.#answers = this.#lines[Symbol.asyncIterator]();
  }

  /** The process that was started: through all that starts it, it keeps its number. */
  get pid(): number {
    return this.#child.pid ?? 0;
  }

  /** What it is told for both files, in this order; `ended` once it has ended. */
  async asked(): Promise<string> {
    const told: string[] = [];
    for (const name of [GRANTED, DENIED]) {
      this.#child.stdin?.write(`${name}\n`);
      const { value, done } = await this.#answers.next();
      told.push(done === true ? "ended" : value);
    }
    return told.join(" ");
  }

  async end(): Promise<void> {
    if (this.#child.exitCode !== null || this.#child.signalCode !== null) return;
    const ended = once(this.#child, "exit");
    this.#child.kill("SIGKILL");
    await ended;
  }
}

/** As it should be, whatever happens to the package. */
export const HELD = "granted denied";
