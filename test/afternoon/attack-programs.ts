/**
 * Runs on the booted host: the programs of test/attacks by root in a domain with the grants of a
 * policy, sealed, beside which the domain has the files that the programs attack from. Prints the
 * names of those that succeed. `--only NAMES`: of these alone.
 */
import { readFileSync } from "node:fs";
import { addLines } from "../../src/policy/add-lines.ts";
import { Arena, type AttackProgram, attackPrograms } from "../attacks/arena.ts";
import { Series } from "../attacks/series.ts";

const [file = "", only] = process.argv.slice(2);

/** Other users have fewer rights, and at warning nothing is refused. */
const text = readFileSync(file, "utf8")
  .replace(/^(?:user|group|level|domain):.*\n/gm, "")
  .concat("\nlevel: enforcing\n");

function policyIn(arena: Arena): string {
  const { scratch, folder } = arena;
  const files = [
    `rx ${folder}/bin/**`,
    ...[`rwcda ${scratch}/granted/**`, `r ${scratch}/readonly/**`, `rwcd ${scratch}/exact/pid`],
  ];
  return addLines(text, [
    ...files.map((line) => ({ section: "files" as const, line })),
    // Those of the series.
    { section: "inherit", line: "stdio" },
    { section: "inherit", line: "stdio-sockets" },
  ]);
}

const arena = new Arena({ uid: 0, name: "root" }, "afternoon-attack");
const open: string[] = [];
const wanted = attackPrograms().filter(isTried);
function isTried({ name, as, event, bare }: AttackProgram): boolean {
  const isNamed = only === undefined || only.split(",").includes(name);
  return isNamed && as !== "user" && event !== "pinned" && bare === "works";
}
/** In one start, but for programs that change what comes after them. */
async function attackWith(programs: readonly AttackProgram[]): Promise<void> {
  const series = new Series(arena, { confined: true });
  for (const { name } of programs) {
    arena.reset();
    // 1: refused; 2: what it needs beforehand is refused.
    const { status } = await series.attack(name, false);
    if (status === 0) open.push(name);
  }
  await series.end();
}

try {
  await arena.open(policyIn);
  await attackWith(wanted.filter(({ alone }) => !alone));
  for (const program of wanted.filter(({ alone }) => alone)) await attackWith([program]);
} finally {
  await arena.close();
}
process.stdout.write(JSON.stringify({ tried: wanted.length, open }));
