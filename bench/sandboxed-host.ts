import type { ChildProcess } from "node:child_process";
import { once } from "node:events";
import { setTimeout as pause } from "node:timers/promises";
import { ada, SessionHost } from "../test/sessions/session-host.ts";
import { endMediators } from "./end-mediators.ts";
import { clone, cofferdam } from "./scratch.ts";

/** How long agent, mediator and the first login may take, in milliseconds. */
const START_MS = 60_000;
const LOOK_MS = 100;
/** From the end of a session until its holder has seen it. */
const ENDED_MS = 500;
const LOGIN = `${clone}/bin/cofferdam-login`;
/** In the sandboxed shell a program of the user's own is started by it. */
const LOADER = "/lib64/ld-linux-x86-64.so.2";

/**
 * A host with an agent, its shared mediator and a session server, in which `ada` is in a sandboxed
 * shell: what an ordinary user does there reaches the mediator that root's domains have.
 */
export class SandboxedHost {
  readonly #host: SessionHost;
  #agent: ChildProcess | null = null;
  /** Where the user may write. */
  readonly folder = `/var/spool/cofferdam/${ada.name}`;

  private constructor(host: SessionHost) {
    this.#host = host;
  }

  static async start(policies: ReadonlyMap<string, string>): Promise<SandboxedHost> {
    const host = new SandboxedHost(await SessionHost.start(clone));
    try {
      for (const [name, text] of policies) host.#write(`/etc/cofferdam/domains/${name}.yaml`, text);
      host.#agent = host.#host.spawn([cofferdam, "agent", "--without-kernel-refusals"]);
      await host.#until("[ -S /run/cofferdam/mediator.sock ]");
      // The first login makes the plan and the user's folder.
      host.#host.run([LOGIN, "-c", ":"], ada);
      await host.#until(`[ -d ${host.folder} ]`);
      return host;
    } catch (cause) {
      await host.stop();
      throw cause;
    }
  }

  /** The words that start a command in this host, as root. */
  words(command: readonly string[]): readonly string[] {
    return this.#host.words(command);
  }

  /** A domain of root's. */
  run(domain: string, command: readonly string[], output: string): ChildProcess {
    return this.#host.spawn(into(output, [cofferdam, "run", domain, "--", ...command]));
  }

  /** A program of the user's own in the sandboxed shell; `program` is copied there. */
  runSandboxed(program: string, words: readonly string[], output: string): ChildProcess {
    const copy = `${this.folder}/program`;
    this.shell(`install -o ${ada.name} -m 0755 ${program} ${copy}`);
    const command = [LOADER, copy, ...words].join(" ");
    // The user may not write to the file, so a shell outside the sandbox opens it beforehand.
    const [shell = "", ...rest] = into(output, [LOGIN, "-c", command]);
    return this.#host.spawn([shell, ...rest], ada);
  }

  /** Commands of a shell of root's; their output. */
  shell(script: string): string {
    const { status, out, err } = this.#host.run(["sh", "-euc", script]);
    if (status !== 0) throw new Error(`\`${script}\` ended with ${status}: ${err}`);
    return out;
  }

  async idle(): Promise<void> {
    await pause(ENDED_MS);
  }

  async stop(): Promise<void> {
    const namespace = this.shell("readlink /proc/self/ns/mnt").trim();
    const agent = this.#agent;
    if (agent !== null && agent.exitCode === null) {
      const ended = once(agent, "exit");
      agent.kill("SIGTERM");
      await ended;
    }
    await endMediators(namespace);
    await this.#host.stop();
  }

  #write(file: string, text: string): void {
    const { status, err } = this.#host.run(
      ["sh", "-euc", 'mkdir -p "${1%/*}"; cat >"$1"', "sh", file],
      undefined,
      text,
    );
    if (status !== 0) throw new Error(`${file} is not written: ${err}`);
  }

  async #until(condition: string): Promise<void> {
    for (const since = performance.now(); ; await pause(LOOK_MS)) {
      if (this.#host.run(["sh", "-c", condition]).status === 0) return;
      if (performance.now() - since > START_MS) throw new Error(`not within time: ${condition}`);
    }
  }
}

/** A shell that becomes `command`, with its output in a file. */
function into(output: string, command: readonly string[]): readonly string[] {
  return ["sh", "-c", 'out=$1; shift; exec "$@" </dev/null >"$out" 2>&1', "sh", output, ...command];
}
