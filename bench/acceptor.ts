import { type ChildProcess, spawn } from "node:child_process";
import type { Scratch } from "./scratch.ts";

/** `programs/accept.c`, which takes and closes connections. */
export class Acceptor {
  readonly port: number;
  readonly #child: ChildProcess;

  private constructor(child: ChildProcess, port: number) {
    this.#child = child;
    this.port = port;
  }

  static async start(scratch: Scratch): Promise<Acceptor> {
    const child = spawn(scratch.program("accept"), [], { stdio: ["pipe", "pipe", "inherit"] });
    const port = await new Promise<number>((resolve, reject) => {
      child.stdout.once("data", (text) => resolve(Number(text)));
      child.once("exit", () => reject(new Error("nobody accepts connections")));
    });
    return new Acceptor(child, port);
  }

  close(): void {
    this.#child.kill("SIGKILL");
  }
}
