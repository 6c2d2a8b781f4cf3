import { execFileSync } from "node:child_process";
import { rmSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { buildSync } from "esbuild";
import { PUBLIC_FOLDER } from "../../src/base/modes.ts";
import type { HostFacts } from "../../src/kernel/host-facts.ts";
import { compileC } from "../support/compile-c.ts";
import { IN_CLONE, scratchFolder } from "../support/scratch.ts";

const here = dirname(fileURLToPath(import.meta.url));
const root = dirname(dirname(here));

/** Probes in a process of its own: under a filter that hides a call, or as another user. */
export interface Elsewhere {
  /** `call`: `NR` or `NR:ARGUMENT:MASK`, see fail-syscall.c. */
  withoutCall(errno: number, call: string): HostFacts;
  asUser(uid: number): HostFacts;
  remove(): void;
}

export function makeElsewhere(): Elsewhere {
  const folder = scratchFolder("probe", { above: IN_CLONE, mode: PUBLIC_FOLDER });
  const entry = join(folder, "probe.ts");
  const bundle = join(folder, "probe.mjs");
  const facts = join(root, "src/kernel/probe/host-facts.ts");
  writeFileSync(
    entry,
    `import { probeHost } from ${JSON.stringify(facts)};
     const plain = (_, value) => (typeof value === "bigint" ? String(value) : value);
     console.log(JSON.stringify(probeHost(), plain));`,
  );
  buildSync({
    entryPoints: [entry],
    outfile: bundle,
    bundle: true,
    platform: "node",
    target: "node20",
    format: "esm",
    external: ["koffi"],
  });
  const failSyscall = join(folder, "fail-syscall");
  compileC(failSyscall, join(here, "fail-syscall.c"), ["-O1"]);
  const run = (program: string, args: readonly string[], ids: object = {}) =>
    JSON.parse(execFileSync(program, args, { encoding: "utf8", cwd: "/", ...ids })) as HostFacts;
  return {
    withoutCall: (errno, call) =>
      run(failSyscall, [String(errno), call, "--", process.execPath, bundle]),
    asUser: (uid) => run(process.execPath, [bundle], { uid, gid: uid }),
    remove: () => rmSync(folder, { recursive: true }),
  };
}
