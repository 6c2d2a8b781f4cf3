import { existsSync, readFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { inetPrograms, type ProgramName, unixPrograms } from "../../kernel/bpf/attach-types.ts";
import { BpfObject } from "../../kernel/bpf/object.ts";
import { recordMaps } from "../../kernel/bpf/refusals.ts";
import { configurationBytes, mapBytes } from "./map-bytes.ts";
import type { CgroupTables } from "./tables.ts";

const OBJECT_FILE = "bpf/cofferdam_cgroup.bpf.o";
/** Folders above this file: three from the sources, one from the bundle in dist/. */
const LEVELS_ABOVE_MAX = 4;

/** The compiled programs that ship with Cofferdam. */
export function shippedObject(): Uint8Array {
  let folder = dirname(fileURLToPath(import.meta.url));
  for (let level = 0; level < LEVELS_ABOVE_MAX; level++, folder = dirname(folder)) {
    const file = join(folder, OBJECT_FILE);
    if (existsSync(file)) return readFileSync(file);
  }
  throw new Error(`${OBJECT_FILE} is missing beside Cofferdam's program files; install it again`);
}

/** Programs for a host; without `unix` only those for internet sockets. */
export function programNames(unix: boolean): readonly ProgramName[] {
  return unix ? [...inetPrograms, ...unixPrograms] : inetPrograms;
}

/** In the kernel with its maps filled and frozen, attached to nothing yet. The caller closes it. */
export function loadPrograms(
  bytes: Uint8Array,
  tables: CgroupTables,
  programs: readonly ProgramName[],
): BpfObject {
  const object = new BpfObject(bytes);
  try {
    for (const program of programNames(true))
      if (!programs.includes(program)) object.skipProgram(program);
    const maps = mapBytes(tables);
    object.setInitialValue(".rodata", configurationBytes(tables));
    for (const map of maps) object.setMaxEntries(map.name, Math.max(1, map.count));
    object.load(programs);
    for (const map of maps) {
      object.update(map.name, map.keys, map.values, map.count);
      object.freeze(map.name);
    }
    // Freezing binds user space alone; the programs go on writing.
    for (const map of recordMaps) object.freeze(map);
    return object;
  } catch (error) {
    object[Symbol.dispose]();
    throw error;
  }
}
