import { rmSync } from "node:fs";
import type { Context } from "../../src/cli/command.ts";
import { commands } from "../../src/cli/commands.ts";
import { runCommandLine } from "../../src/cli/program.ts";
import { places } from "../../src/host/places.ts";
import { root } from "../house/tree.ts";
import { scratchFolder } from "../support/scratch.ts";
import { hearing } from "./hearing.ts";

export interface Outcome {
  readonly status: number;
  readonly out: string;
  readonly err: string;
}

/** A caller whose places lie in a scratch folder, and who sees the shipped domains. */
export class Caller {
  readonly folder = scratchFolder("cli");

  get places(): Context["places"] {
    const env = { HOME: this.folder };
    return places({ uid: 1000, env, home: root });
  }

  /** Runs one command line in this process; `width` in columns. */
  async run(args: readonly string[], width = 80): Promise<Outcome> {
    const { context, ended } = hearing(this.places, width);
    return ended(await runCommandLine(args, context, commands));
  }

  remove(): void {
    rmSync(this.folder, { recursive: true, force: true });
  }
}
