/**
 * The attack programs against the bpf-lsm engine, as root and as an ordinary user: at each level,
 * while that of another domain with the same policy changes.
 */
import * as fs from "node:fs";
import * as os from "node:os";
import * as path from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { lsmRequests } from "../../../src/events/collector/lsm-requests.ts";
import { attacksOpenInLsm } from "../../../src/model/engines/differences.ts";
import { type Level, levels } from "../../../src/model/level.ts";
import type { Policy } from "../../../src/model/policy.ts";
import { Arena, type Attacker, type AttackProgram, attackPrograms } from "../../attacks/arena.ts";
import { policies } from "../../attacks/policy.ts";
import { toldByKernel } from "../../attacks/told-by-kernel.ts";
import { attackers } from "../attackers.ts";
import { Lsm, policyOfFile, runs } from "./lsm-arena.ts";

/** Where an attack looks for objects of Cofferdam's own. */
const LOGS = "/var/log/cofferdam";
const PLANS = "/run/cofferdam/plans";

/** How long one attack may take in a machine that emulates, in milliseconds. */
const ATTACK_MS = 120_000;

/** What Debian's stock kernel refuses by itself, as `refusedByThisKernel` of the other suites. */
const refusedBySome: Readonly<Record<string, string>> = {
  x32: "no x32 table without syscall.x32=y",
  "landlock-log-off": "no flags of landlock_restrict_self(2) before Linux 6.15",
  "alg-socket": "its module is not in the machine",
  sctp: "its module is not in the machine",
  smc: "its module is not in the machine",
  vsock: "its module is not in the machine",
  "ping-socket": "net.ipv4.ping_group_range is empty",
  "file-setattr": "no file_setattr(2) before Linux 6.17",
  "proc-self-mem": "/proc/self/mem writes no read-only pages, as Debian configures Linux 7",
  "memory-proc-mem": "the same",
};
const [major = 0, minor = 0] = os.release().split(".").map(Number);
/** Of those, what the kernel that runs here lets happen. */
const happensHere: ReadonlySet<string> = new Set([
  ...(major > 6 || minor >= 15 ? ["landlock-log-off"] : []),
  ...(major > 6 || minor >= 17 ? ["file-setattr"] : []),
  ...(major < 7 ? ["proc-self-mem", "memory-proc-mem"] : []),
]);
const isRefusedHere = (name: string): boolean => name in refusedBySome && !happensHere.has(name);
/** Cofferdam's own objects, which are refused at every level; an ordinary user has none here. */
const own = new Set(["own-policy", "own-log", "own-plan"]);
/** What the engine refuses without an event, and why. */
const quiet: ReadonlyMap<string, string> = new Map([
  ["handle-open", "dac_read_search is mostly asked for before dac_override, which is granted"],
]);
/** How often the other domain's level changes, in milliseconds. */
const SWITCH_MS = 20;
/** Added to a domain's number, for the other one. */
const OTHER = 20;

for (const [at, name] of (["root", "user"] as const).entries())
  for (const [next, policy] of Object.keys(policies).entries())
    attacksOn({ name, uid: attackers[name] }, policy, 140 + 3 * at + next);

function attacksOn(attacker: Attacker, policy: string, domain: number): void {
  const programs = attackPrograms()
    .filter((one) => one.policy === policy && (one.as === "both" || one.as === attacker.name))
    // What is refused outside too is about a broker, and here is none.
    .filter((one) => one.bare === "works" && (attacker.uid === 0 || !own.has(one.name)));
  if (programs.length === 0) return;
  describe(`as ${attacker.name} in the domain of the ${policy}`, () => {
    let arena: Arena;
    let lsm: Lsm;
    let inForce: Policy;
    let switching: NodeJS.Timeout | undefined;
    beforeAll(async () => {
      arena = new Arena(attacker, `lsm-${policy}`);
      fs.mkdirSync(LOGS, { recursive: true });
      fs.mkdirSync(PLANS, { recursive: true });
      for (const file of ["/var/log/cofferdam/events.jsonl", `${PLANS}/lsm-${policy}-0.plan`])
        fs.writeFileSync(file, "Cofferdam's own\n");
      await arena.open(policies[policy] as (arena: Arena) => string);
      lsm = new Lsm();
      inForce = policyOfFile(arena.policy, [LOGS, PLANS]);
      lsm.domain(domain, "enforcing", inForce.names, inForce);
      lsm.domain(domain + OTHER, "disabled", inForce.names, inForce);
      let turn = 0;
      switching = setInterval(() => {
        lsm.engine.setLevel(domain + OTHER, levels[turn++ % levels.length] as Level);
      }, SWITCH_MS);
    });
    afterAll(() => {
      clearInterval(switching);
      lsm.engine.removeDomain(domain + OTHER);
      return arena.close();
    });

    /** `CLASS/OPERATION` of what was told of the domain since the last call. */
    const told = (): readonly string[] =>
      lsm
        .events(domain)
        .flatMap((event) => lsmRequests(event, inForce, (number) => `domain-${number}`))
        .map((request) => `${request.class}/${request.operation}`);

    for (const program of programs)
      test(program.name, async () => {
        const { name } = program;
        const bare = await attack(arena, program);
        expect(bare.status === 0, `unconfined: ${bare.text}`).toBe(!isRefusedHere(name));
        if (isRefusedHere(name)) return;
        const confined = async (level: Level) => {
          lsm.engine.setLevel(domain, level);
          arena.reset();
          told();
          const before = lsm.engine.account(domain);
          const adopt = (pid: number) => lsm.engine.labels.adopt(domain, () => [pid]);
          const { status, text } = await attack(arena, program, adopt);
          const { denied, warned } = lsm.engine.account(domain);
          return {
            succeeds: status === 0,
            counted: { denied: denied > before.denied, warned: warned > before.warned },
            told: told(),
            text,
          };
        };
        const isOpen = attacksOpenInLsm.has(name);
        const isOwn = own.has(name);
        const enforcing = await confined("enforcing");
        expect(enforcing.succeeds, `at enforcing: ${enforcing.text}`).toBe(isOpen);
        if (!isOpen && !quiet.has(name)) {
          expect(enforcing.counted.denied).toBe(true);
          expect(enforcing.told).toContain(toldByKernel(program));
        }
        expect(enforcing.counted.warned).toBe(false);
        const warning = await confined("warning");
        expect(warning.succeeds, `at warning: ${warning.text}`).toBe(!isOwn);
        if (!isOpen && !quiet.has(name)) expect(warning.counted.warned).toBe(!isOwn);
        expect(warning.counted.denied).toBe(isOwn);
        const disabled = await confined("disabled");
        expect(disabled.succeeds, `at disabled: ${disabled.text}`).toBe(!isOwn);
        expect(disabled.counted).toEqual({ denied: isOwn, warned: false });
        arena.reset();
      });
  });
}

async function attack(
  arena: Arena,
  { name }: AttackProgram,
  adopt?: (pid: number) => unknown,
): Promise<{ readonly status: number | null; readonly text: string }> {
  const { uid } = arena.attacker;
  const secret = fs.openSync(path.join(arena.scratch, "secret/file"), "r");
  try {
    const { status, out, err } = await runs([path.join(arena.bin, name)], {
      ...{ env: arena.environment(), timeout: ATTACK_MS, adopt, uid, gid: uid },
      stdio: ["pipe", "pipe", "pipe", secret],
    });
    return { status, text: out + err };
  } finally {
    fs.closeSync(secret);
  }
}
