import { spawnSync } from "node:child_process";
import * as fs from "node:fs";
import * as path from "node:path";
import { PRIVATE_PROGRAM, PUBLIC_FOLDER } from "../../src/base/modes.ts";
import { hostSnapshot } from "../../src/compile/host-snapshot.ts";
import { groups } from "../../src/kernel/syscall-groups.ts";
import { all } from "../../src/kernel/syscalls.ts";
import { canonicalise } from "../../src/model/canonicalise.ts";
import { decide } from "../../src/model/decide.ts";
import type { Policy } from "../../src/model/policy.ts";
import { type SealedView, sealedView } from "../../src/model/sealed-view.ts";
import { loadPolicy } from "../../src/policy/load.ts";
import { compileC } from "../support/compile-c.ts";
import { scratchFolder } from "../support/scratch.ts";
import { type Case, type Probe, requestOf, treeNames } from "./case.ts";

const clone = path.resolve(import.meta.dirname, "../..");
/** One launch with its compilation, its mediator and some dozens of calls, in milliseconds. */
const RUN_TIMEOUT_MS = 90_000;

/**
 * errno values by which the domain refuses; anything else that is no success would be a broken
 * case.
 */
const refusals = new Set(["EACCES", "EPERM", "EXDEV"]);
/** An executed file is no program: the kernel got as far as reading it. */
export const successes: ReadonlySet<string> = new Set(["0", "ENOEXEC", "ENOENT"]);

/** A scratch tree, a program that carries out probes, and the real engine. */
export class World {
  readonly folder = scratchFolder("differential", { mode: PUBLIC_FOLDER });
  readonly tree = path.join(this.folder, "t");
  private readonly prober = path.join(this.folder, "prober");
  readonly policyFile = path.join(this.folder, "case.yaml");

  /** `program`: the prober, where nothing compiles it. */
  constructor(program: string | null = null) {
    if (program === null)
      compileC(this.prober, path.join(import.meta.dirname, "prober.c"), ["-O1", "-static"]);
    else fs.copyFileSync(program, this.prober);
  }

  close(): void {
    fs.rmSync(this.folder, { recursive: true, force: true });
  }

  /** `@/a/f0` to its absolute name. */
  resolve(name: string): string {
    return name.replaceAll("@/", `${this.tree}/`);
  }

  /**
   * Makes the tree anew. Files are copies of the static prober: executing one with no input
   * succeeds.
   */
  makeTree(): void {
    fs.rmSync(this.tree, { recursive: true, force: true });
    const { directories, files } = treeNames();
    for (const name of directories) fs.mkdirSync(path.join(this.tree, name), { recursive: true });
    for (const name of files) {
      const file = path.join(this.tree, name);
      fs.writeFileSync(file, "#!/nowhere\n");
      fs.chmodSync(file, PRIVATE_PROGRAM);
    }
  }

  writePolicy({ files, network }: Case): void {
    const list = (lines: readonly string[]) =>
      lines.map((line) => `  - ${this.resolve(line)}\n`).join("");
    const text = [
      "domain: case\nsummary: generated\n",
      `files:\n  - rx ${this.prober}\n  - r /dev/null\n${list(files)}`,
      network.length === 0 ? "" : `network:\n${list(network)}`,
      'syscalls: ["@system-service"]\ninherit: [stdio, stdio-sockets]\n',
    ];
    fs.writeFileSync(this.policyFile, text.join(""));
  }

  model(): Model {
    return modelOf(this.policyFile);
  }

  /** What the kernel and the broker say, one word a probe: `0` or an errno's name. */
  run(probes: readonly Probe[]): string[] {
    const lines = probes.map(({ operation, name, other }) =>
      [operation, this.resolve(name), this.resolve(other ?? "")].join("\t"),
    );
    const result = spawnSync(
      path.join(clone, "bin/cofferdam"),
      ["run", "--policy", this.policyFile, "--", this.prober],
      {
        input: `${lines.join("\n")}\n`,
        encoding: "utf8",
        timeout: RUN_TIMEOUT_MS,
      },
    );
    const answers = result.stdout.trim().split("\n");
    if (result.status !== 0 || answers.length !== probes.length) {
      throw new Error(`the prober ended with ${result.status}: ${result.stderr}${result.stdout}`);
    }
    return answers;
  }

  /** Probes that a sealed domain with the case's policy answers otherwise than `decide()`. */
  disagreements(generated: Case): string[] {
    this.makeTree();
    this.writePolicy(generated);
    const { policy, view } = this.model();
    const expected = generated.probes.map((probe) => {
      const request = requestOf(
        probe,
        (name) => this.resolve(name),
        (name) => this.inode(name),
      );
      return decide(policy, request, view).outcome;
    });
    const answers = this.run(generated.probes);
    return generated.probes.flatMap(({ operation, name, other }, at) => {
      const answer = answers[at] ?? "";
      const granted = successes.has(answer) ? "granted" : refusals.has(answer) ? "denied" : answer;
      return granted === expected[at]
        ? []
        : [
            `${operation} ${name} ${other ?? ""}: decide() says ${expected[at]}, ` +
              `the kernel ${answer}`,
          ];
    });
  }

  inode(name: string): string | undefined {
    const stats = fs.lstatSync(name, { bigint: true, throwIfNoEntry: false });
    return stats === undefined ? undefined : `${stats.dev}:${stats.ino}`;
  }
}

export interface Model {
  readonly policy: Policy;
  readonly view: SealedView;
}

/** The policy and view by which `decide()` answers for a domain that starts now. */
export function modelOf(policyFile: string): Model {
  const vocabulary = { syscalls: new Set(all()), groups: new Map(Object.entries(groups())) };
  const { policy, diagnostics } = loadPolicy(policyFile, {
    vocabulary,
    abstractions: [path.join(clone, "domains/abstractions")],
  });
  if (policy === null) throw new Error(`the policy is refused: ${JSON.stringify(diagnostics)}`);
  const snapshot = hostSnapshot();
  const canonical = { ...policy, names: canonicalise(policy.names, snapshot).rules };
  return { policy: canonical, view: sealedView(canonical, snapshot) };
}
