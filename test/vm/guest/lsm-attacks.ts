/** The attack programs about files and code against the bpf-lsm engine, as root. */
import { spawn } from "node:child_process";
import * as fs from "node:fs";
import * as path from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { canonicalNames } from "../../../src/compile/canonical-names.ts";
import { hostSnapshot } from "../../../src/compile/host-snapshot.ts";
import { groups } from "../../../src/kernel/syscall-groups.ts";
import { all } from "../../../src/kernel/syscalls.ts";
import type { Level } from "../../../src/model/level.ts";
import { loadPolicy } from "../../../src/policy/load.ts";
import { Arena, type AttackProgram, attackPrograms } from "../../attacks/arena.ts";
import { policies } from "../../attacks/policy.ts";
import { Lsm } from "./lsm-arena.ts";

const clone = path.resolve(import.meta.dirname, "../../..");
const root = { uid: 0, name: "root" } as const;

/** How long one attack may take in a machine that emulates, in milliseconds. */
const ATTACK_MS = 120_000;

/** Programs about files and code, by the event that another engine logs, and by name. */
const heldEvents = /^(name\/(read|write|create|delete|execute|listen)|two-names\/\w+) /;
const heldNames = new Set([
  ...["chmod-descriptor", "chmod-magic", "chmod-readonly", "chown-readonly", "fchmodat2"],
  ...["memory-mprotect", "memory-write-execute", "memory-shared-file", "memory-memfd"],
  ...["memfd-exec", "memfd-exec-path", "pinned-ld-so", "pinned-mmap-exec"],
  ...["mount-bind", "bpf"],
]);
/** Cofferdam's own objects, which are refused at level warning too. */
const own = new Set(["own-policy"]);
/** About objects of the other engine's runs. */
const others = new Set(["own-log", "own-plan"]);

const isHeld = ({ name, event }: AttackProgram) =>
  !others.has(name) && (heldEvents.test(event) || heldNames.has(name));

for (const [at, policy] of Object.keys(policies).entries()) attacksOn(policy, 45 + at);

function attacksOn(policy: string, domain: number): void {
  const programs = attackPrograms()
    .filter((one) => one.policy === policy && one.as !== "user" && one.bare === "works")
    .filter(isHeld);
  if (programs.length === 0) return;
  describe(`in the domain of the ${policy}`, () => {
    let arena: Arena;
    let lsm: Lsm;
    beforeAll(async () => {
      arena = new Arena(root, `lsm-${policy}`);
      await arena.open(policies[policy] as (arena: Arena) => string);
      lsm = new Lsm();
      const inForce = policyIn(arena);
      lsm.domain(domain, "enforcing", inForce.names, inForce);
    });
    afterAll(() => arena.close());

    for (const program of programs)
      test(program.name, async () => {
        const bare = await attack(arena, program);
        expect(bare.status, `unconfined: ${bare.text}`).toBe(0);
        const confined = async (level: Level) => {
          lsm.engine.setLevel(domain, level);
          arena.reset();
          return attack(arena, program, (pid) => lsm.engine.adopt(domain, () => [pid]));
        };
        const enforcing = await confined("enforcing");
        expect(enforcing.status, enforcing.text).not.toBe(0);
        const warning = await confined("warning");
        expect(warning.status === 0, `at warning: ${warning.text}`).toBe(!own.has(program.name));
        arena.reset();
      });
  });
}

function policyIn(arena: Arena) {
  const vocabulary = { syscalls: new Set(all()), groups: new Map(Object.entries(groups())) };
  const abstractions = [path.join(clone, "domains/abstractions")];
  const { policy, diagnostics } = loadPolicy(arena.policy, { vocabulary, abstractions });
  if (policy === null) throw new Error(JSON.stringify(diagnostics));
  const names = canonicalNames(policy, hostSnapshot(), ["/var/log/cofferdam"], [arena.policy]);
  if ("problems" in names) throw new Error(JSON.stringify(names.problems));
  return names.policy;
}

/** `prepare` is called before the program is executed, with the process that it will be. */
async function attack(
  arena: Arena,
  { name }: AttackProgram,
  prepare: (pid: number) => unknown = () => undefined,
): Promise<{ readonly status: number | null; readonly text: string }> {
  const secret = fs.openSync(path.join(arena.scratch, "secret/file"), "r");
  const child = spawn(
    "/vm/busybox",
    ["sh", "-c", 'read go; exec "$0"', path.join(arena.bin, name)],
    { env: arena.environment(), stdio: ["pipe", "pipe", "pipe", secret] },
  );
  fs.closeSync(secret);
  let text = "";
  for (const stream of [child.stdout, child.stderr])
    stream?.on("data", (chunk: Buffer) => (text += chunk.toString()));
  const ended = new Promise<number | null>((resolve) => child.once("close", resolve));
  prepare(child.pid as number);
  child.stdin?.end("\n");
  const late = setTimeout(() => child.kill("SIGKILL"), ATTACK_MS);
  const status = await ended;
  clearTimeout(late);
  return { status, text };
}
