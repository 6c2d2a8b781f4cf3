import * as fs from "node:fs";
import * as path from "node:path";
import {
  type AttackProgram,
  attackPrograms,
  buildProgram,
  buildPrograms,
} from "../attacks/arena.ts";
import { kernelRaces } from "../attacks/races.ts";
import { programsFolder } from "../support/compile-c.ts";
import { scratchFolder } from "../support/scratch.ts";
import { type AttackerName, attackers } from "./attackers.ts";
import { bundleTests } from "./bundle.ts";
import { clone } from "./kernel.ts";
import { partOfToday } from "./part-of-today.ts";
import type { Tree } from "./tree.ts";

/** Of the attacks that the broker refuses for one and the same reason, this many. */
const SAME_REFUSAL_MAX = 2;
/** So many turns of this file until each of them was tried. */
const PARTS = 4;

/**
 * Which attacks are tried, each once and by one of the two: emulation makes a try ten times as
 * dear, and natively both try all of them. What only one of them can try is theirs; the rest goes
 * to whoever has less.
 */
export function shares(): Readonly<Record<AttackerName, readonly AttackProgram[]>> {
  const share: Record<AttackerName, AttackProgram[]> = { root: [], user: [] };
  const all = attackPrograms();
  const different = all.filter((program, index) => {
    const before = all.slice(0, index).filter(({ event }) => event === program.event);
    return !program.event.endsWith(" broker") || before.length < SAME_REFUSAL_MAX;
  });
  const programs = partOfToday(different, PARTS);
  for (const program of programs) if (program.as !== "both") share[program.as].push(program);
  for (const program of programs)
    if (program.as === "both")
      (share.root.length <= share.user.length ? share.root : share.user).push(program);
  return share;
}

/**
 * The attack programs, compiled and as sources, and one bundle of tests an attacker:
 * `/vm/attacks-NAME.mjs`.
 */
export async function fillWithAttacks(): Promise<(tree: Tree) => void> {
  const bundles = new Map<string, string>();
  for (const [name, programs] of Object.entries(shares()))
    bundles.set(name, await attackBundle(name as AttackerName, programs));
  return (tree) => {
    fillWithAttackPrograms(tree);
    for (const [name, bundle] of bundles) tree.write(`vm/attacks-${name}.mjs`, bundle);
  };
}

/** And the races, all compiled, where `Arena` and its users find them without a compiler. */
export function fillWithAttackPrograms(tree: Tree): void {
  const scratch = scratchFolder("vm-attacks");
  buildPrograms(scratch);
  for (const { source } of kernelRaces(0)) buildProgram(source, path.join(scratch, "race"));
  fs.rmSync(scratch, { recursive: true });
  for (const name of [path.join(clone, "test/attacks"), path.join(programsFolder, "attacks")])
    tree.copy(name);
}

function attackBundle(name: AttackerName, programs: readonly AttackProgram[]): Promise<string> {
  const attacker = JSON.stringify({ uid: attackers[name], name });
  const names = JSON.stringify(programs.map((program) => program.name));
  return bundleTests(`import { attackSuite } from "../attacks/attacks.ts";
    const own = new Set(${names});
    attackSuite(${attacker}, { attacks: ({ name }) => own.has(name), threads: ["main"] });`);
}
