import { spawn } from "node:child_process";
import { once } from "node:events";
import {
  chmodSync,
  closeSync,
  copyFileSync,
  mkdirSync,
  mkdtempSync,
  openSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { PRIVATE_FOLDER, PUBLIC_FILE, PUBLIC_FOLDER, PUBLIC_PROGRAM } from "../../base/modes.ts";
import { printableLines } from "../../base/printable.ts";
import type { Places } from "../../host/places.ts";
import { readyPlans } from "../../host/ready-plans.ts";
import { escapeName } from "../../model/pattern.ts";
import { Permission } from "../../model/permission.ts";
import { KERNEL_ALONE, type Level, type Policy, type Source } from "../../model/policy.ts";
import { printPolicy } from "../../policy/print.ts";
import { CommandError } from "../command.ts";
import type { Attempt } from "./attempts.ts";
import type { Result } from "./outcome.ts";
import type { ViewPlaces } from "./view.ts";

/** Of one run of the battery, in milliseconds; each attempt takes a few. */
const BATTERY_MS_MAX = 60_000;

/** The battery's program, where the domain may execute it, and the policy that says so. */
export interface Battery {
  readonly policy: Policy;
  readonly file: string;
  readonly program: string;
  readonly remove: () => void;
}

/**
 * Copies the program out of Cofferdam's own folder, which no domain may touch. The policy is the
 * domain's with two grants more: to execute this copy, and to inherit the descriptor that it
 * reports to. It is a file beside the plans, for these runs alone; the domain's own policy stays as
 * it is.
 */
export function prepareBattery({ home, plans, asRoot }: Places, policy: Policy): Battery {
  const beside = dirname(plans);
  const modes = asRoot ? PUBLIC_FOLDER : PRIVATE_FOLDER;
  mkdirSync(beside, { recursive: true, mode: modes });
  const folders = [
    mkdtempSync(join(beside, "probe-")),
    mkdtempSync(join(tmpdir(), "cofferdam-probe-")),
  ] as const;
  const remove = () => {
    for (const folder of folders) rmSync(folder, { recursive: true, force: true });
    // No later run would start from them.
    for (const { file, plan } of readyPlans({ plans }, nameOf(policy)))
      if (plan.facts.some((fact) => "path" in fact && dirname(fact.path) === folders[0]))
        rmSync(file, { force: true });
  };
  try {
    for (const folder of folders) chmodSync(folder, PUBLIC_FOLDER);
    const program = join(folders[1], "probe");
    copyFileSync(join(home, "dist/probe"), program);
    chmodSync(program, PUBLIC_PROGRAM);
    const probed = withBattery(policy, program);
    const file = join(folders[0], `${probed.name}.yaml`);
    writeFileSync(file, printPolicy(probed), { mode: PUBLIC_FILE });
    return { policy: probed, file, program, remove };
  } catch (error) {
    remove();
    throw error;
  }
}

/** Events of the probe are told apart from the domain's, which `suggest` reads. */
function nameOf({ name }: Policy): string {
  return `probe.${name}`;
}

function withBattery(policy: Policy, program: string): Policy {
  const source: Source = { file: "", line: 0, column: 0, text: "the battery's own program" };
  const permissions = Permission.read | Permission.execute;
  const pattern = escapeName(program);
  return {
    ...policy,
    name: nameOf(policy),
    entries: [],
    // A run by a policy's file is landlock's; what the rules mean is the same.
    mediation: policy.mediation === KERNEL_ALONE ? "supervised" : policy.mediation,
    names: [...policy.names, { effect: "allow", permissions, pattern, source }],
    inherit: [...policy.inherit, { effect: "allow", token: "stdio", source }],
  };
}

/** Where a view of the host may be made for a battery, and what it must not hide. */
export function viewFolder({ own, kept }: Places, { file, program }: Battery): ViewPlaces {
  const folder = join(dirname(file), "view");
  mkdirSync(folder, { recursive: true });
  return { folder, program, kept: [...own, ...kept, dirname(program), dirname(file)] };
}

/**
 * What came of each attempt, in a domain at that level. `inside`: what enters a view of the host.
 * @throws CommandError if the battery did not start or did not end
 */
export async function runBattery(
  { home }: Pick<Places, "home">,
  { file, program }: Battery,
  level: Level,
  attempts: readonly Attempt[],
  complain: (text: string) => void,
  inside: readonly string[] = [],
): Promise<readonly Result[]> {
  const front = join(home, "bin/cofferdam");
  const at = (name: string) => join(dirname(file), name);
  const words = ["run", "--policy", file, "--level", level, "--events", at("events"), "--"];
  const asked = attempts.map(({ argument }) => argument);
  // Files: a pipe of Node's is a socket, which `stdio` does not grant.
  const [out, err] = [openSync(at("out"), "w"), openSync(at("err"), "w")];
  const [first = front, ...rest] = [...inside, front];
  const battery = spawn(first, [...rest, ...words, program, ...asked], {
    stdio: ["ignore", out, err],
    timeout: BATTERY_MS_MAX,
  });
  closeSync(out);
  closeSync(err);
  const [status] = (await once(battery, "close")) as [number | null];
  const results = resultsOf(readFileSync(at("out"), "utf8"), attempts.length);
  if (status === 0 && results !== null) return results;
  const said = readFileSync(at("err"), "utf8");
  complain(printableLines(said));
  throw new CommandError(
    `the battery did not run to its end at level ${level}`,
    said === ""
      ? "its program may not be executable in the folder for temporary files: set TMPDIR"
      : "the domain itself would not start either: see above",
  );
}

/** The program is in the domain, so that what it prints is not trusted further than its numbers. */
function resultsOf(stdout: string, count: number): readonly Result[] | null {
  const lines = stdout.trim().split("\n");
  const results = lines.map((line, at) => {
    const [number, result] = line.split(" ").map(Number);
    return number === at + 1 && Number.isSafeInteger(result) ? result : undefined;
  });
  const isWhole = results.length === count && results.every((result) => result !== undefined);
  return isWhole ? (results as Result[]) : null;
}
