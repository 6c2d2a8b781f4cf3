import { type ChildProcessWithoutNullStreams, spawn } from "node:child_process";
import { once } from "node:events";
import * as fs from "node:fs";
import { createInterface } from "node:readline";
import type { Event } from "../../src/events/event.ts";
import { readIfThere } from "../../src/kernel/read-if-there.ts";
import type { PrivateHost } from "../system/private-host.ts";

/** Below 1024, and of no service. */
export const PORT = 1007;

/** A process of used-capabilities.c: it does one act after the other, as a test asks. */
export class Acting {
  static readonly #running: Acting[] = [];
  readonly #child: ChildProcessWithoutNullStreams;
  readonly #lines: AsyncIterator<string>;

  constructor(words: readonly string[]) {
    const [program = "", ...args] = words;
    this.#child = spawn(program, args, { cwd: "/" });
    this.#child.stderr.pipe(process.stderr);
    this.#lines = createInterface(this.#child.stdout)[Symbol.asyncIterator]();
    Acting.#running.push(this);
  }

  static async endAll(): Promise<void> {
    for (const acting of Acting.#running) await acting.end();
  }

  async does(act: string): Promise<string> {
    this.#child.stdin.write(`${act}\n`);
    return (await this.#lines.next()).value;
  }

  async end(): Promise<void> {
    if (this.#child.exitCode !== null) return;
    this.#child.stdin.end();
    await once(this.#child, "exit");
  }
}

export const toldUses = (host: PrivateHost, domain: string): readonly Event[] =>
  host.events().filter((event) => event.domain === domain && event.class === "capability");

/** How often each use was told. */
export function countUses(host: PrivateHost, domain: string): Readonly<Record<string, number>> {
  const sums: Record<string, number> = {};
  for (const { object, count } of toldUses(host, domain))
    sums[object] = (sums[object] ?? 0) + count;
  return sums;
}

/** BPF programs that a process keeps attached to a function or a tracepoint of the kernel. */
export function attachedBy(pid: number | string): number {
  const folder = `/proc/${pid}/fdinfo`;
  const texts = fs.readdirSync(folder).map((fd) => readIfThere(`${folder}/${fd}`) ?? "");
  return texts.filter((text) => /^link_type:\t(raw_tracepoint|tracing)$/m.test(text)).length;
}
