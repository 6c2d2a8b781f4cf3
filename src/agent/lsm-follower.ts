import { existsSync, rmSync } from "node:fs";
import { basename } from "node:path";
import { readNumbers } from "../domains/numbers-file.ts";
import { failedEvent, theHost } from "../events/audit-event.ts";
import type { Event } from "../events/event.ts";
import { ENGINE_KEY, engineInForce, entersInKernel } from "../host/engine.ts";
import { HostError } from "../host/host-error.ts";
import { inKernel, keptOutside, SYSTEMD_EXECUTOR } from "../host/kept-outside.ts";
import { load } from "../host/load.ts";
import {
  attachEngine,
  attachedEngine,
  attachedLabels,
  lsmTable,
  renewEngine,
  requireNoOther,
} from "../host/lsm.ts";
import { unadoptedMark } from "../host/lsm-entries.ts";
import { launcherOf, type Places } from "../host/places.ts";
import { holdBackUnits } from "../host/units/hold-back.ts";
import { order } from "../host/units/systemctl.ts";
import { claimsOf } from "../host/units/unit-domain.ts";
import { groupsOfUnits } from "../host/units/unit-groups.ts";
import { modesFor, writeWhole } from "../host/write-whole.ts";
import { type Executable, isUnitPath, type LsmEngine } from "../kernel/bpf/lsm/engine.ts";
import { STAYS_OUTSIDE } from "../kernel/bpf/lsm/layout.ts";
import { whileAttached } from "../kernel/bpf/lsm/pins.ts";
import type { Level, Policy } from "../model/policy.ts";
import { adoptRunning } from "./adopt-running.ts";
import { ApiError } from "./api/api-error.ts";
import { type Arriving, leadInto } from "./arrivals.ts";
import { Complaints } from "./complaints.ts";
import type { DomainEntry } from "./entry.ts";

interface Read {
  readonly policy: Policy;
  readonly files: readonly string[];
}

/** Of the agent's table. */
export interface LsmInForce {
  readonly entries: readonly DomainEntry[];
  levelOf(entry: DomainEntry): Level | null;
}

/**
 * Makes the bpf-lsm engine follow the agent's table: levels and policies of the domains that were
 * put into force there, and, where the host's setting says so, of every domain that is entered by
 * executable or by unit. Where the engine is not attached, and need not be, it does nothing.
 */
export class LsmFollower {
  readonly #places: Places;
  readonly #table: () => LsmInForce;
  readonly #own: () => readonly number[];
  readonly #log: (text: string) => void;
  readonly #complaints: Complaints;
  /** Each is an event, too. */
  readonly #failures: Complaints;

  /** `own`: the process ids of the agent, and of what it keeps alive. */
  constructor(
    places: Places,
    table: () => LsmInForce,
    own: () => readonly number[],
    tell: (event: Event) => void,
    log: (text: string) => void,
  ) {
    this.#places = places;
    this.#table = table;
    this.#own = own;
    this.#log = log;
    this.#complaints = new Complaints(log);
    this.#failures = new Complaints((text) => {
      log(text);
      tell(failedEvent(theHost, "engine not switched", `${text}; cofferdam doctor`));
    });
  }

  /** Of the domain with that number, or of all; as far as they are in force there. */
  levels(number: number | null): void {
    if (number === null) this.#renew();
    this.#try("does not follow the levels of its domains", () => {
      using engine = attachedEngine(this.#places);
      if (engine === null) return requireNoOther(this.#places);
      const inForce = engine.levels();
      for (const entry of this.#table().entries) {
        if ((number ?? entry.number) !== entry.number || !inForce.has(entry.number)) continue;
        const level = this.#levelOf(entry);
        if (inForce.get(entry.number) !== level) engine.setLevel(entry.number, level);
      }
    });
    if (number === null) this.markOwn();
  }

  /** So that no domain reaches them by a signal. */
  markOwn(): void {
    this.#try("does not know Cofferdam's own processes", () => {
      using engine = attachedEngine(this.#places);
      for (const process of engine === null ? [] : this.#own()) engine?.labels.markOwn(process);
    });
  }

  /** Policies have changed; `names` null: any may have. */
  policies(names: ReadonlySet<string> | null): void {
    this.#renew();
    this.#try("does not follow the policies of its domains", () => {
      const enters = entersInKernel(this.#places);
      const attached = attachedEngine(this.#places);
      if (attached === null) requireNoOther(this.#places);
      using engine = attached ?? (enters ? this.#attach() : null);
      if (engine === null) return;
      const inForce = engine.levels();
      const wanted = ({ name, number }: DomainEntry) =>
        (names === null || names.has(name)) && (enters || inForce.has(number));
      // A policy that cannot be read leaves in force what is.
      this.#follow(engine, enters, this.#read(wanted), inForce);
      if (enters && names === null) this.#adopt(engine);
    });
  }

  /**
   * Before a level is given.
   * @throws ApiError if it would not reach processes of these domains
   */
  requireReach(entries: readonly DomainEntry[]): void {
    using labels = attachedLabels(this.#places);
    if (labels === null || this.#isAttached()) return;
    this.#renew();
    if (this.#isAttached()) return;
    const occupied = labels.occupied();
    // Who enters meanwhile goes by what was in force then.
    const enters = entersInKernel(this.#places);
    const held = entries.filter(({ number }) => enters || occupied.has(number));
    if (held.length > 0)
      throw new ApiError(
        409,
        `the kernel holds ${held.map(({ name }) => name).join(", ")} as another version of ` +
          "Cofferdam left it, and would not learn of the level",
        "journalctl -u cofferdam-agent says what the engine's upgrade waits for; cofferdam agent " +
          "--unpin lets every process out of its domain",
      );
  }

  #isAttached(): boolean {
    using engine = attachedEngine(this.#places);
    return engine !== null;
  }

  /** After an upgrade of the package. */
  #renew(): void {
    this.#try("keeps the programs of another version", () => {
      // Read first, because the kernel takes seconds to verify the new programs.
      const read = this.#toBegin();
      if (renewEngine(this.#places, (engine) => this.#fill(engine, read)))
        this.#log("the programs of the bpf-lsm engine are those of this version now");
    });
  }

  /**
   * Leads a launcher into the domain, which is put into force if it is not yet.
   * @throws ApiError that says why not; then the launcher starts nothing
   */
  lead(entry: DomainEntry, arriving: Arriving): void {
    using engine = attachedEngine(this.#places);
    if (engine === null)
      throw new ApiError(
        409,
        "the bpf-lsm engine is not attached",
        "cofferdam domain reload attaches it; journalctl -u cofferdam-agent says why it cannot be",
      );
    if (!engine.levels().has(entry.number)) this.#putInForce(engine, entry);
    leadInto(engine, entry, this.#levelOf(entry), arriving);
  }

  #putInForce(engine: LsmEngine, entry: DomainEntry): void {
    const { policy, files } = load(this.#places, { name: entry.name });
    if (policy === null)
      throw new ApiError(
        409,
        `the policy of ${entry.name} is broken`,
        `cofferdam check ${entry.name} shows where`,
      );
    try {
      engine.setPolicy(entry.number, lsmTable(this.#places, policy, files));
    } catch (error) {
      throw error instanceof HostError ? new ApiError(409, error.message, error.help) : error;
    }
    engine.setLevel(entry.number, this.#levelOf(entry));
  }

  #attach(): LsmEngine | null {
    writeWhole(unadoptedMark(this.#places), Buffer.alloc(0), modesFor(0));
    try {
      attachEngine(this.#places);
    } catch (error) {
      if (error instanceof HostError) this.#holdBack();
      throw error;
    }
    holdBack(this.#places, []);
    return attachedEngine(this.#places);
  }

  /** Where the setting asks for this engine alone, nothing starts outside a domain at enforcing. */
  #holdBack(): void {
    if (engineInForce(this.#places).setting !== "bpf-lsm") return;
    const enforced = this.#table().entries.filter((one) => this.#levelOf(one) === "enforcing");
    const named = enforced.flatMap(({ policy }) => policy?.units ?? []);
    // An alias is started under the name that its group has.
    const kept = keptOutside(this.#places);
    const groups = [...groupsOfUnits(named).values()].filter((one) => kept.group(one) === null);
    const units = groups.map((group) => basename(group));
    holdBack(this.#places, units);
    if (units.length > 0)
      this.#complaints.say(
        "held back",
        `${units.join(", ")}: not started before the kernel takes the engine, because they would ` +
          `be outside their domains; cofferdam settings set ${ENGINE_KEY} auto lets them start`,
      );
  }

  /** After a boot, or after the engine was let go: what began before its entries were there. */
  #adopt(engine: LsmEngine): void {
    const mark = unadoptedMark(this.#places);
    if (!existsSync(mark)) return;
    const names = new Map(this.#table().entries.map(({ number, name }) => [number, name]));
    for (const [domain, count] of adoptRunning(engine))
      this.#log(
        `${names.get(domain) ?? domain}: the domain has adopted what began before the bpf-lsm ` +
          `engine was attached (processes: ${count}); what that has open stays open`,
      );
    rmSync(mark, { force: true });
  }

  /** Maps in which nothing is in force yet, while the programs of another version hold on. */
  #fill(engine: LsmEngine, read: ReadonlyMap<DomainEntry, Read>): void {
    this.#follow(engine, entersInKernel(this.#places), read, engine.labels.occupied());
  }

  /**
   * What new maps begin with; nothing where those that are attached go on.
   * @throws HostError, so that no domain loses its policy or its entries
   */
  #toBegin(): ReadonlyMap<DomainEntry, Read> {
    using labels = attachedLabels(this.#places);
    if (labels === null || this.#isAttached()) return new Map();
    const occupied = labels.occupied();
    const enters = entersInKernel(this.#places);
    const { entries } = this.#table();
    const wanted = ({ number }: DomainEntry) => enters || occupied.has(number);
    const read = this.#read(wanted);
    const broken = entries.find((entry) => wanted(entry) && !read.has(entry))?.name;
    if (broken !== undefined)
      throw new HostError(
        `the policy of ${broken} is broken: cofferdam check ${broken} shows where`,
        `cofferdam check ${broken}`,
      );
    const known = new Set(entries.map(({ number }) => number));
    const gone = [...occupied].filter((number) => !known.has(number));
    if (gone.length > 0)
      throw new HostError(
        `processes are in domains that have no policy any more: ${this.#namesOf(gone)}`,
        "give these domains their policies back, or end the processes; cofferdam ps shows them",
      );
    return read;
  }

  /** Also of domains that are in the agent's table no more. */
  #namesOf(numbers: readonly number[]): string {
    const { domains } = readNumbers(this.#places.system.numbers);
    const names = new Map(domains.map(({ name, number }) => [number, name]));
    return numbers.map((number) => names.get(number) ?? number).join(", ");
  }

  /** Without those that cannot be read. */
  #read(wanted: (entry: DomainEntry) => boolean): ReadonlyMap<DomainEntry, Read> {
    const read = new Map<DomainEntry, Read>();
    for (const entry of this.#table().entries.filter(wanted)) {
      const { policy, files } = load(this.#places, { name: entry.name });
      if (policy !== null) read.set(entry, { policy, files });
    }
    return read;
  }

  /** `inForce`: has the numbers of the domains that are, beside those that are entered. */
  #follow(
    engine: LsmEngine,
    enters: boolean,
    read: ReadonlyMap<DomainEntry, Read>,
    inForce: { has(number: number): boolean },
  ): void {
    const units = enters ? this.#units(engine, read) : new Map<string, number>();
    const executables = enters ? this.#executables(engine, read) : [];
    const entered = new Set([...executables.map(({ into }) => into), ...units.values()]);
    const wanted = [...read].filter(([{ number }]) => inForce.has(number) || entered.has(number));
    engine.setPolicies(this.#tables(wanted));
    for (const [entry] of wanted) engine.setLevel(entry.number, this.#levelOf(entry));
    const starters = units.size > 0 ? [SYSTEMD_EXECUTOR, launcherOf(this.#places)] : [];
    setExecutables(engine, [...executables, ...starters.map(staysOutside)]);
    engine.setUnits(units);
  }

  *#tables(wanted: readonly (readonly [DomainEntry, Read])[]): Iterable<[number, Uint8Array]> {
    for (const [{ number }, { policy, files }] of wanted)
      yield [number, lsmTable(this.#places, policy, files)];
  }

  /** By control group; as {@link #executables}. */
  #units(engine: LsmEngine, read: ReadonlyMap<DomainEntry, Read>): ReadonlyMap<string, number> {
    const claims = [...read].flatMap(([into, { policy, files }]) =>
      claimsOf(into.name, policy, files).map((claim) => ({ ...claim, into })),
    );
    const groups = groupsOfUnits(claims.map(({ unit }) => unit));
    const before = engine.units();
    const never = keptOutside(this.#places);
    const units = new Map<string, number>();
    for (const { unit, outside, into } of claims) {
      const group = groups.get(unit);
      if (group === undefined) continue;
      const others = claims.filter((one) => one.unit === unit && one.into !== into);
      const why = never.group(group) ?? whyOutside(group, outside, others[0]?.into.name);
      if (why === null) units.set(group, into.number);
      else this.#complaints.say(`unit ${unit}`, `${unit} does not enter ${into.name}: ${why}`);
      // A second policy that names a unit takes it out of no domain.
      if (others.some(({ into: { number } }) => number === before.get(group)))
        units.set(group, before.get(group) as number);
    }
    const kept = this.#table().entries.filter((entry) => !read.has(entry));
    const numbers = new Set(kept.map(({ number }) => number));
    for (const [group, number] of before) if (numbers.has(number)) units.set(group, number);
    return new Map([...units].filter(([group]) => never.group(group) === null));
  }

  /** Of the domains that were read as their policies say, of the others as they are. */
  #executables(engine: LsmEngine, read: ReadonlyMap<DomainEntry, Read>): readonly Executable[] {
    const before = engine.executables();
    const { entries } = this.#table();
    const numbers = new Map(entries.map(({ name, number }) => [name, number]));
    const found = entries.flatMap((entry) => {
      const { number } = entry;
      const named = read.get(entry);
      if (named !== undefined) return executablesOf(named.policy, number, numbers);
      return before.filter(({ from, into }) => (from === 0 ? into : from) === number);
    });
    const never = keptOutside(this.#places);
    return found.filter((one) => one.from !== 0 || this.#mayLead(one, never.file(one.path)));
  }

  /** Of an entry by executable. `why` it may not; null if it may. */
  #mayLead({ path, into }: Executable, why: string | null): boolean {
    if (why === null) return true;
    const name = this.#table().entries.find(({ number }) => number === into)?.name ?? into;
    const text = `who executes ${path} does not enter ${name}: ${why}`;
    this.#complaints.say(`executable ${path} ${into}`, text);
    return false;
  }

  #levelOf(entry: DomainEntry): Level {
    return this.#table().levelOf(entry) ?? "enforcing";
  }

  /** `failure`: what is so where it fails. */
  #try(failure: string, work: () => void): void {
    this.#failures.try(`the bpf-lsm engine ${failure}`, work);
  }
}

function holdBack({ system }: Places, units: readonly string[]): void {
  if (holdBackUnits(units, whileAttached(system.lsmPins))) order("daemon-reload");
}

/** Why a unit cannot enter its domain in the kernel; null if it can. */
function whyOutside(group: string, outside: readonly string[], other?: string): string | null {
  if (other !== undefined) return `${other} names it, too; remove it from all policies but one`;
  const help = "cofferdam unit enable lets it enter at its start";
  // The kernel does not know one command of a unit from another.
  if (outside.length > 0) return `its policy leaves ${outside.join(", ")} outside; ${help}`;
  return isUnitPath(group) ? null : `its control group's path is too long; ${help}`;
}

function staysOutside(path: string): Executable {
  return { from: 0, path: inKernel(path), into: STAYS_OUTSIDE };
}

/** Entries by executable, and transitions into domains of the host. */
function executablesOf(
  { entries, transitions }: Policy,
  number: number,
  numbers: ReadonlyMap<string, number>,
): readonly Executable[] {
  const found = entries.flatMap((entry): Executable[] =>
    entry.kind === "exec" ? [{ from: 0, path: inKernel(entry.path), into: number }] : [],
  );
  for (const { path, into } of transitions) {
    const other = numbers.get(into);
    if (other !== undefined) found.push({ from: number, path: inKernel(path), into: other });
  }
  return found;
}

/** First what is new, so that no executable is without its rule meanwhile. */
function setExecutables(engine: LsmEngine, wanted: readonly Executable[]): void {
  const keyOf = ({ from, path }: Executable) => `${from} ${path}`;
  const keys = new Set(wanted.map(keyOf));
  for (const { from, path, into } of wanted) engine.setExecutable(from, path, into);
  for (const one of engine.executables())
    if (!keys.has(keyOf(one))) engine.removeExecutable(one.from, one.path);
}
