import { basename } from "node:path";
import type { Level } from "../../../model/level.ts";
import { bytesOfName, nameOfBytes } from "../../../model/name-bytes.ts";
import { ENOENT } from "../../constants.ts";
import { close } from "../../ffi.ts";
import { libbpf } from "../libbpf.ts";
import { listMap, word } from "../maps.ts";
import { check } from "../object.ts";
import { TaskLabels } from "./labels.ts";
import {
  accountLayout,
  COMPONENT_BYTES,
  EXECUTABLE_BYTES,
  executableLayout,
  LAYOUT,
  type LayoutMap,
  layoutMaps,
  lsmLevels,
  lsmLimits,
  ROW_BYTES,
  standingLayout,
  UNIT_BYTES,
} from "./layout.ts";
import { generations, openPins } from "./pins.ts";

/** `linux/bpf.h`. */
const BPF_MAP_TYPE_ARRAY = 2;
const BPF_F_INNER_MAP = 1 << 12;
/** `struct bpf_map_create_opts` of bpf/bpf.h: offsets and size, bytes. */
const createOptions = { flags: 28, bytes: 56 } as const;
const SLASH = 0x2f;
/** The one element of an array. */
const ONLY = 0;
/** Descriptors that are open at a time while policies are written. */
const TABLES_PER_WRITE = 256;

export interface Account {
  readonly denied: bigint;
  readonly warned: bigint;
  readonly dropped: bigint;
}

interface TableOf {
  readonly domain: number;
  readonly fd: number;
}

export interface Executable {
  /** 0: no domain. */
  readonly from: number;
  readonly path: string;
  readonly into: number;
}

/**
 * The maps of the attached engine. Every change takes effect with the next request of running
 * processes.
 */
export class LsmEngine {
  readonly labels: TaskLabels;
  readonly #maps: ReadonlyMap<LayoutMap, number>;

  private constructor(labels: TaskLabels, maps: ReadonlyMap<LayoutMap, number>) {
    this.labels = labels;
    this.#maps = maps;
  }

  /** null if the engine is not attached there, or as a version with another layout left it. */
  static open(folder: string): LsmEngine | null {
    return generations(folder).at(-1)?.layout === LAYOUT ? LsmEngine.openMaps(folder) : null;
  }

  /** The same whether or not programs are attached that use the maps. */
  static openMaps(folder: string): LsmEngine | null {
    const labels = TaskLabels.openMaps(folder);
    if (labels === null) return null;
    const maps = openPins(folder, layoutMaps);
    if (maps !== null) return new LsmEngine(labels, maps);
    labels[Symbol.dispose]();
    return null;
  }

  [Symbol.dispose](): void {
    this.labels[Symbol.dispose]();
    for (const fd of this.#maps.values()) close(fd);
  }

  /** For a reader of events, which maps it. */
  get events(): number {
    return this.#fd("events");
  }

  /**
   * `table`: of `compile/lsm/policy-table.ts`. Each decision is made by the whole old policy or by
   * the whole new one.
   */
  setPolicy(domain: number, table: Uint8Array): void {
    this.setPolicies([[domain, table]]);
  }

  /**
   * The same for many: each write to a map of maps waits until no program runs that may see the old
   * one, a batch of them once. Where `policies` throws, those before are in force.
   */
  setPolicies(policies: Iterable<readonly [domain: number, table: Uint8Array]>): void {
    let batch: TableOf[] = [];
    try {
      for (const [domain, table] of policies) {
        batch.push({ domain, fd: newTable(table) });
        if (batch.length < TABLES_PER_WRITE) continue;
        const full = batch;
        batch = [];
        this.#setTables(full);
      }
    } finally {
      this.#setTables(batch);
    }
  }

  /** Events about the domain begin anew: what was told of before is told again. */
  setLevel(domain: number, level: Level): void {
    const standing = Buffer.alloc(standingLayout.bytes);
    const result: number = libbpf().lookupElement(this.#fd("levels"), word(domain), standing);
    if (result !== -ENOENT) check("read a domain's level", result);
    const begun = (standing.readUInt32LE(standingLayout.begun) + 1) % 2 ** 32;
    standing.writeUInt32LE(lsmLevels.indexOf(level), standingLayout.level);
    standing.writeUInt32LE(begun, standingLayout.begun);
    this.#set("levels", word(domain), standing);
  }

  /** What is still in the domain is denied everything from then on. */
  removeDomain(domain: number): void {
    this.#delete("levels", word(domain));
    this.#delete("policies", word(domain));
  }

  /**
   * Executing `path` leads from domain `from` (0: from none) into domain `into`.
   * @throws Error for a name that is too long
   */
  setExecutable(from: number, path: string, into: number): void {
    const name = bytesOfName(path);
    if (name.length >= EXECUTABLE_BYTES)
      throw new Error(
        `the executable's name is longer than ${EXECUTABLE_BYTES - 1} bytes: ${path}`,
      );
    if (from === 0) this.#set("components", componentKey(path), word(1));
    this.#set("executables", executableKey(from, name), word(into));
  }

  removeExecutable(from: number, path: string): void {
    this.#delete("executables", executableKey(from, bytesOfName(path)));
  }

  /** Every rule of {@link setExecutable}. */
  executables(): readonly Executable[] {
    const found: Executable[] = [];
    const sizes = { key: executableLayout.bytes, value: 4, entries: lsmLimits.executables };
    listMap(this.#fd("executables"), sizes, (key, into) => {
      const name = key.subarray(executableLayout.path);
      const path = nameOfBytes(Buffer.from(name.subarray(0, name.indexOf(0))));
      const from = key.readUInt32LE(executableLayout.domain);
      found.push({ from, path, into: into.readUInt32LE() });
    });
    return found;
  }

  /** The domains that units lead into, by the paths of their control groups. */
  units(): ReadonlyMap<string, number> {
    const units = new Map<string, number>();
    const sizes = { key: UNIT_BYTES, value: 4, entries: lsmLimits.units };
    listMap(this.#fd("units"), sizes, (path, into) =>
      units.set(nameOfBytes(Buffer.from(path.subarray(0, path.indexOf(0)))), into.readUInt32LE()),
    );
    return units;
  }

  /**
   * Executing a file in these control groups, or below, leads from no domain into these domains.
   * What runs there is in none until then.
   * @throws Error for a path that is too long
   */
  setUnits(wanted: ReadonlyMap<string, number>): void {
    const before = this.units();
    const isNew = ([path, into]: [string, number]) => before.get(path) !== into;
    const added = [...wanted].filter(isNew);
    const gone = [...before.keys()].filter((path) => !wanted.has(path));
    if (added.length === 0 && gone.length === 0) return;
    for (const [path, into] of added) this.#set("units", unitKey(path), word(into));
    for (const path of gone) this.#delete("units", unitKey(path));
    // Only now: what a program finds before it marks by the old generation.
    const generation = Buffer.alloc(4);
    const generations = this.#fd("unit_generations");
    check("read a map", libbpf().lookupElement(generations, word(ONLY), generation));
    this.#set("unit_generations", word(ONLY), word(nextGeneration(generation.readUInt32LE())));
  }

  account(domain: number): Account {
    const bytes = Buffer.alloc(accountLayout.bytes);
    const result: number = libbpf().lookupElement(this.#fd("accounts"), word(domain), bytes);
    if (result !== -ENOENT) check("read a domain's account", result);
    return accountIn(bytes);
  }

  /** By the number of the domain: of each that asked for something outside. */
  accounts(): ReadonlyMap<number, Account> {
    const accounts = new Map<number, Account>();
    const sizes = { key: 4, value: accountLayout.bytes, entries: lsmLimits.domains };
    listMap(this.#fd("accounts"), sizes, (domain, account) =>
      accounts.set(domain.readUInt32LE(), accountIn(account)),
    );
    return accounts;
  }

  /** By the number of the domain: of each that was put into force. */
  levels(): ReadonlyMap<number, Level> {
    const levels = new Map<number, Level>();
    const sizes = { key: 4, value: standingLayout.bytes, entries: lsmLimits.domains };
    listMap(this.#fd("levels"), sizes, (domain, standing) => {
      const level = lsmLevels[standing.readUInt32LE(standingLayout.level)] ?? "enforcing";
      levels.set(domain.readUInt32LE(), level);
    });
    return levels;
  }

  #fd(map: LayoutMap): number {
    return this.#maps.get(map) as number;
  }

  /** Closes the tables. */
  #setTables(batch: readonly TableOf[]): void {
    if (batch.length === 0) return;
    const keys = Buffer.concat(batch.map(({ domain }) => word(domain)));
    const tables = Buffer.concat(batch.map(({ fd }) => word(fd)));
    const done = [batch.length];
    try {
      const result = libbpf().updateBatch(this.#fd("policies"), keys, tables, done, null);
      check("write map policies", result);
    } finally {
      for (const { fd } of batch) close(fd);
    }
  }

  #set(map: LayoutMap, key: Uint8Array, value: Uint8Array): void {
    check(`write map ${map}`, libbpf().updateElement(this.#fd(map), key, value, 0));
  }

  #delete(map: LayoutMap, key: Uint8Array): void {
    const result: number = libbpf().deleteElement(this.#fd(map), key);
    if (result !== -ENOENT) check(`delete from map ${map}`, result);
  }
}

function accountIn(bytes: Buffer): Account {
  return {
    denied: bytes.readBigUInt64LE(accountLayout.denied),
    warned: bytes.readBigUInt64LE(accountLayout.warned),
    dropped: bytes.readBigUInt64LE(accountLayout.dropped),
  };
}

/** A map of rows; the caller closes it. */
function newTable(table: Uint8Array): number {
  const rows = table.length / ROW_BYTES;
  const options = Buffer.alloc(createOptions.bytes);
  options.writeBigUInt64LE(BigInt(createOptions.bytes), 0);
  options.writeUInt32LE(BPF_F_INNER_MAP, createOptions.flags);
  const fd = check(
    "make a policy's table",
    libbpf().createMap(BPF_MAP_TYPE_ARRAY, "names", 4, ROW_BYTES, rows, options),
  );
  try {
    const keys = Buffer.from(Uint32Array.from({ length: rows }, (_, row) => row).buffer);
    const done = [rows];
    check("fill a policy's table", libbpf().updateBatch(fd, keys, table, done, null));
    if (done[0] !== rows) throw new Error(`a policy's table took ${done[0]} of ${rows} rows`);
    check("freeze a policy's table", libbpf().freezeMap(fd));
    return fd;
  } catch (error) {
    close(fd);
    throw error;
  }
}

function executableKey(domain: number, name: Uint8Array): Uint8Array {
  const key = Buffer.alloc(executableLayout.bytes);
  key.writeUInt32LE(domain, executableLayout.domain);
  key.set(name, executableLayout.path);
  return key;
}

function componentKey(path: string): Uint8Array {
  const key = Buffer.alloc(COMPONENT_BYTES);
  key.set(bytesOfName(basename(path)).subarray(0, COMPONENT_BYTES - 1));
  return key;
}

/**
 * Whether `domain_of_path()` in bpf/lsm/units.h finds it: half for what is above, half for a name.
 */
export function isUnitPath(path: string): boolean {
  const longest = Math.max(...path.split("/").map((part) => bytesOfName(part).length));
  return bytesOfName(path).lastIndexOf(SLASH) < UNIT_BYTES / 2 && longest < UNIT_BYTES / 2 - 2;
}

function unitKey(path: string): Uint8Array {
  if (!isUnitPath(path)) throw new Error(`the control group's path is too long: ${path}`);
  const key = Buffer.alloc(UNIT_BYTES);
  key.set(bytesOfName(path));
  return key;
}

/** 0 says that there never was a unit. */
function nextGeneration(generation: number): number {
  return (generation + 1) % 2 ** 32 || 1;
}
