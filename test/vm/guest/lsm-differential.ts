/**
 * Generated policies and requests: `decide()` against the bpf-lsm engine, in the stock kernel.
 */
import * as fs from "node:fs";
import fc from "fast-check";
import { beforeAll, expect, test } from "vitest";
import { PRIVATE_PROGRAM } from "../../../src/base/modes.ts";
import { canonicalNames } from "../../../src/compile/canonical-names.ts";
import { hostSnapshot } from "../../../src/compile/host-snapshot.ts";
import { decide } from "../../../src/model/decide.ts";
import type { Policy } from "../../../src/model/policy.ts";
import { loadPolicy } from "../../../src/policy/load.ts";
import { type Case, cases, type Probe, requestOf, treeNames } from "../../differential/case.ts";
import { Lsm, Trying } from "./lsm-arena.ts";

const CASES = 12;
const DOMAIN = 40;
const TREE = "/tmp/lsm-tree";
const POLICY = "/tmp/lsm-case.yaml";
/** Compiled from test/differential/prober.c. */
const PROBER = "/vm/prober";
/** An executed file is no program: the kernel got as far as reading it. */
const successes = ["0", "ENOEXEC", "ENOENT"];
const refusals = ["EACCES", "EPERM"];
let lsm: Lsm;

beforeAll(() => {
  lsm = new Lsm();
});

const resolve = (name: string) => name.replaceAll("@/", `${TREE}/`);

function makeTree(): void {
  fs.rmSync(TREE, { recursive: true, force: true });
  const { directories, files } = treeNames();
  for (const name of directories) fs.mkdirSync(`${TREE}/${name}`, { recursive: true });
  for (const name of files)
    fs.writeFileSync(`${TREE}/${name}`, "#!/nowhere\n", { mode: PRIVATE_PROGRAM });
}

function policyOf({ files, network }: Case): Policy {
  const list = (lines: readonly string[]) => lines.map((line) => `  - ${resolve(line)}\n`).join("");
  fs.writeFileSync(
    POLICY,
    `domain: case\nsummary: generated\nfiles:\n  - r /dev/null\n${list(files)}` +
      (network.length === 0 ? "" : `network:\n${list(network)}`),
  );
  const vocabulary = { syscalls: new Set<string>(), groups: new Map<string, readonly string[]>() };
  const { policy, diagnostics } = loadPolicy(POLICY, { vocabulary, abstractions: [] });
  if (policy === null) throw new Error(JSON.stringify(diagnostics));
  const names = canonicalNames(policy, hostSnapshot(), [], []);
  if ("problems" in names) throw new Error(JSON.stringify(names.problems));
  return names.policy;
}

async function disagreements(generated: Case): Promise<readonly string[]> {
  makeTree();
  const policy = policyOf(generated);
  lsm.domain(DOMAIN, "enforcing", policy.names);
  const prober = new Trying(PROBER);
  lsm.engine.adopt(DOMAIN, () => [prober.pid]);
  const found: string[] = [];
  for (const probe of generated.probes) found.push(...(await judge(policy, prober, probe)));
  await prober.end();
  return found;
}

async function judge(policy: Policy, prober: Trying, probe: Probe): Promise<readonly string[]> {
  const { operation, name, other } = probe;
  const decided = decide(
    policy,
    requestOf(probe, resolve, () => undefined),
  ).outcome;
  const line = [operation, resolve(name), resolve(other ?? "")].join("\t");
  const answer = await prober.does(line);
  const granted = successes.includes(answer)
    ? "granted"
    : refusals.includes(answer)
      ? "denied"
      : answer;
  if (granted === decided) return [];
  return [`${operation} ${name} ${other ?? ""}: decide() says ${decided}, the kernel ${answer}`];
}

test("`decide()` and the kernel give the same answers", async () => {
  await fc.assert(
    fc.asyncProperty(cases, async (generated) => {
      expect(await disagreements(generated), JSON.stringify(generated)).toEqual([]);
    }),
    { numRuns: CASES, endOnFailure: true },
  );
});
