import { readFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { canonicalNames } from "../compile/canonical-names.ts";
import { hostSnapshot } from "../compile/host-snapshot.ts";
import { policyTable } from "../compile/lsm/policy-table.ts";
import { numbersGiven } from "../domains/numbers-file.ts";
import { LsmEngine } from "../kernel/bpf/lsm/engine.ts";
import { TaskLabels } from "../kernel/bpf/lsm/labels.ts";
import { isLsmOutdated, loadLsm } from "../kernel/bpf/lsm/load.ts";
import { generations, removeParts, unpin } from "../kernel/bpf/lsm/pins.ts";
import { lockFile } from "../kernel/file-lock.ts";
import { whyMissing } from "../kernel/host-facts.ts";
import { mountsIn } from "../kernel/mountinfo.ts";
import { probeBpfLsm } from "../kernel/probe/bpf-lsm.ts";
import type { Level, Policy } from "../model/policy.ts";
import { type Adoptees, adopteesOf, callersOwn, requireAdoptable } from "./adoptees.ts";
import { explained } from "./explained.ts";
import { HostError } from "./host-error.ts";
import type { Places } from "./places.ts";
import { standingOf } from "./standing.ts";
import { makeFolder, modesFor } from "./write-whole.ts";

/** Limit on the wait while another process attaches the programs, milliseconds. */
const LOCK_WAIT_MAX_MS = 60_000;

export interface PutInForce extends Adoptees {
  readonly number: number;
  readonly level: Level;
  /** Threads that are in the domain now and were in none, or in another one. */
  readonly threads: number;
  /** The engine was not attached before. */
  readonly loaded: boolean;
  /** With canonical names. */
  readonly policy: Policy;
}

/**
 * Puts what the bpf-lsm engine holds of a policy (ARCHITECTURE.md says what) into force for the
 * domain's number, at its level now, and adopts running processes with their descendants, but for
 * what {@link Adoptees} leaves outside. `files`: of the policy, its own first.
 * @throws HostError
 */
export function putInForce(
  places: Places,
  policy: Policy,
  files: readonly string[],
  processes: readonly number[],
): PutInForce {
  const { number, level } = standingOf(places, policy, files);
  if (number === null)
    throw new HostError(
      `${policy.name} is no domain of the host`,
      "adopt takes the name of a policy in root's folders, as root",
    );
  for (const process of processes) requireAdoptable(process);
  const canonical = canonicalPolicy(places, policy, files);
  const table = tableOf(places, canonical);
  using _lock = lockEngine(places);
  const loaded = attach(places);
  using engine = attachedEngine(places);
  if (engine === null) throw new HostError("the engine was detached meanwhile", "try again");
  return explained(places, () => {
    engine.setPolicy(number, table);
    engine.setLevel(number, level);
    const own = callersOwn();
    const family = () => adopteesOf(processes, own);
    const threads = engine.labels.adopt(number, () => family().processes).length;
    return { number, level, threads, loaded, policy: canonical, ...family() };
  });
}

/** What the engine holds of a policy. @throws HostError */
export function lsmTable(places: Places, policy: Policy, files: readonly string[]): Uint8Array {
  return tableOf(places, canonicalPolicy(places, policy, files));
}

function canonicalPolicy(places: Places, policy: Policy, files: readonly string[]): Policy {
  const own = [...places.own, places.system.lsmPins];
  const names = canonicalNames(policy, hostSnapshot(), own, [...files, ...places.kept]);
  if ("problems" in names)
    throw new HostError(
      names.problems.map(({ values }) => Object.values(values).join(": ")).join("; "),
      `cofferdam check ${policy.name} tells more`,
    );
  return names.policy;
}

function tableOf(places: Places, policy: Policy): Uint8Array {
  // A domain that gets its number later is not granted until the policy is put into force again.
  const numbers = numbersGiven(places.system.numbers);
  return policyTable(policy.names, policy, (domain) => numbers.get(domain) ?? null);
}

/**
 * Which domain each task is in, whichever version's programs are attached; null if none are. The
 * caller disposes of it.
 */
export function attachedLabels({ system }: Pick<Places, "system">): TaskLabels | null {
  return TaskLabels.open(system.lsmPins);
}

/**
 * The attached engine, which the caller disposes of; null if it is not attached, or as a version
 * with other maps left it.
 */
export function attachedEngine({ system }: Pick<Places, "system">): LsmEngine | null {
  return LsmEngine.open(system.lsmPins);
}

/** Attaches the engine, if it is not yet; whether it was not. @throws HostError */
export function attachEngine(places: Places): boolean {
  using _lock = lockEngine(places);
  return attach(places);
}

/**
 * Replaces the programs of another version of Cofferdam by this one's, without a gap; whether there
 * were any. `fill`: puts what is to be in force into maps that are new, see `loadLsm`.
 * @throws HostError; then the others stay
 */
export function renewEngine(places: Places, fill: (engine: LsmEngine) => void): boolean {
  const { lsmPins } = places.system;
  if (generations(lsmPins).length === 0) return false;
  using _lock = lockEngine(places);
  removeParts(lsmPins);
  if (!isLsmOutdated(lsmPins)) return false;
  explained(places, () => loadLsm(lsmPins, fill));
  return true;
}

/** Detaches the engine: no process is in a domain afterwards. */
export function letGo(places: Places): void {
  using _lock = lockEngine(places);
  unpin(places.system.lsmPins);
}

/** Two that attach at the same time would take each other's programs away. */
function lockEngine({ system }: Places): Disposable {
  const folder = dirname(system.control);
  makeFolder(folder, modesFor(0));
  const file = join(folder, "lsm.lock");
  const lock = lockFile(file, LOCK_WAIT_MAX_MS);
  if (lock === null)
    throw new HostError(
      `${file} has been held for ${LOCK_WAIT_MAX_MS} ms`,
      `see who holds it: fuser ${file}; then try again`,
    );
  return { [Symbol.dispose]: () => lock.release() };
}

/** Whether it was not attached before. */
function attach(places: Places): boolean {
  const { system } = places;
  return explained(places, () => {
    using engine = LsmEngine.open(system.lsmPins);
    if (engine !== null) return false;
    requireNoOther(places);
    requireHooks();
    requireBpffs(dirname(system.lsmPins));
    loadLsm(system.lsmPins, nothingIsInForce);
    return true;
  });
}

/** Without programs there are no maps of theirs to begin anew with. */
const nothingIsInForce = (): void => undefined;

/** Of a caller that has found no engine of its own version. @throws HostError */
export function requireNoOther({ system }: Pick<Places, "system">): void {
  if (generations(system.lsmPins).length > 0)
    throw new HostError(
      "the engine is attached as another version of Cofferdam left it, and goes by what was in " +
        "force then",
      "the agent replaces its programs, or its journal says why it cannot: systemctl restart " +
        "cofferdam-agent",
    );
}

/** @throws HostError */
function requireBpffs(folder: string): void {
  const mounts = mountsIn(readFileSync("/proc/self/mountinfo", "utf8"));
  if (mounts.findLast(({ point }) => point === folder)?.type !== "bpf")
    throw new HostError(
      `no bpf file system is mounted at ${folder}, and nothing that is attached would stay`,
      `mount -t bpf bpf ${folder}`,
    );
}

/**
 * A kernel whose security modules do not include bpf takes the programs and their links all the
 * same, and never runs them.
 */
function requireHooks(): void {
  const probe = probeBpfLsm();
  if (probe.state !== "yes")
    throw new HostError(
      `this kernel does not take the bpf-lsm engine: ${whyMissing("bpf-lsm", probe)}`,
      "cofferdam doctor says what it can do; the landlock engine needs none of it",
    );
}
