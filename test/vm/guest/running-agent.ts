import { type ChildProcess, spawn } from "node:child_process";
import * as fs from "node:fs";
import { setTimeout as sleep } from "node:timers/promises";
import { isAgentThere } from "../../../src/host/agent-client.ts";
import type { Places } from "../../../src/host/places.ts";
import { lockOwner } from "../../../src/kernel/file-lock.ts";
import { COFFERDAM, PINS } from "./lsm-arena.ts";

const POLL_MS = 20;

/** The host's agent, as a process of its own. */
export class RunningAgent {
  readonly #child: ChildProcess;
  readonly #ended: Promise<unknown>;

  constructor(...options: readonly string[]) {
    this.#child = spawn(COFFERDAM, ["agent", ...options], {
      stdio: ["ignore", "ignore", "inherit"],
    });
    this.#ended = new Promise((resolve) => this.#child.once("exit", resolve));
  }

  get pid(): number {
    return this.#child.pid as number;
  }

  /** Milliseconds until it answers. */
  async isReady(): Promise<number> {
    const start = performance.now();
    while (!(await isAgentThere().catch(() => false))) {
      if (this.#child.exitCode !== null) throw new Error(`it ended with ${this.#child.exitCode}`);
      await sleep(POLL_MS);
    }
    return performance.now() - start;
  }

  /** Until it has begun to attach programs beside those of another version. */
  async replacesPrograms(): Promise<void> {
    while (!fs.readdirSync(PINS).some((name) => name.startsWith("part-"))) {
      if (this.#child.exitCode !== null) throw new Error(`it ended with ${this.#child.exitCode}`);
      await sleep(1);
    }
  }

  end(signal: NodeJS.Signals): Promise<unknown> {
    this.#child.kill(signal);
    return this.#ended;
  }
}

/** The mediator and the session server outlive their agent. */
export function endServers({ system }: Places): void {
  for (const lock of [system.mediatorLock, system.sessions.lock]) {
    const owner = lockOwner(lock);
    if (owner !== null) process.kill(owner, "SIGKILL");
  }
}
