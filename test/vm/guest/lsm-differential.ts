/**
 * Generated policies and requests: `decide()` against the bpf-lsm engine, in the stock kernel, and
 * against the landlock engine beside it.
 */
import * as fs from "node:fs";
import fc from "fast-check";
import { beforeAll, expect, test } from "vitest";
import { PRIVATE_PROGRAM } from "../../../src/base/modes.ts";
import { decide } from "../../../src/model/decide.ts";
import type { Policy } from "../../../src/model/policy.ts";
import { type Case, cases, type Probe, requestOf, treeNames } from "../../differential/case.ts";
import { successes, World } from "../../differential/world.ts";
import { Lsm, policyOf, Trying } from "./lsm-arena.ts";

const CASES = Number(process.env.CASES);
/** Of those, how many the landlock engine gets too: an emulated launch takes ten seconds. */
const BESIDE = Math.ceil(CASES / 4);
const DOMAIN = 40;
const TREE = "/tmp/lsm-tree";
/** Compiled from test/differential/prober.c. */
const PROBER = "/vm/prober";
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

async function disagreements(generated: Case): Promise<readonly string[]> {
  makeTree();
  const policy = policyOf(["r /dev/null", ...generated.files], generated.network, resolve);
  lsm.domain(DOMAIN, "enforcing", policy.names, policy);
  const prober = new Trying(PROBER);
  lsm.engine.labels.adopt(DOMAIN, () => [prober.pid]);
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
  const granted = successes.has(answer) ? "granted" : refusals.includes(answer) ? "denied" : answer;
  if (granted === decided) return [];
  return [`${operation} ${name} ${other ?? ""}: decide() says ${decided}, the kernel ${answer}`];
}

test("`decide()` and the kernel give the same answers", async () => {
  const seed = Date.now();
  for (const generated of fc.sample(cases, { numRuns: CASES, seed }))
    expect(await disagreements(generated), JSON.stringify({ seed, ...generated })).toEqual([]);
});

// docs/sealed-differences.md has what `decide()` says otherwise of a sealed domain.
test("a sealed domain of the landlock engine answers as `decide()` says of it", () => {
  for (const name of ["/etc/cofferdam/domains", "/var/lib/cofferdam", "/run/cofferdam"])
    fs.mkdirSync(name, { recursive: true });
  const world = new World(PROBER);
  const seed = Date.now();
  for (const generated of fc.sample(cases, { numRuns: BESIDE, seed }))
    expect(world.disagreements(generated), JSON.stringify({ seed, ...generated })).toEqual([]);
  world.close();
});
