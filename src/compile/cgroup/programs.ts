import { existsSync, readFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import {
  destinationPrograms,
  inetPrograms,
  type ProgramName,
  unixPrograms,
} from "../../kernel/bpf/attach-types.ts";
import { CONTROL_MAP, type Control, controlBytes } from "../../kernel/bpf/control.ts";
import { BpfObject } from "../../kernel/bpf/object.ts";
import { recordMaps } from "../../kernel/bpf/refusals.ts";
import type { AddressRule } from "../../kinds/addresses/model.ts";
import { grantsSomeUdpDestinations } from "../../model/udp-destinations.ts";
import { configurationBytes, mapBytes } from "./map-bytes.ts";
import type { CgroupTables } from "./tables.ts";

const OBJECT_FILE = "bpf/cofferdam_cgroup.bpf.o";
/**
 * Limit on the folders above this file that are searched: three from the sources, one from the
 * bundle in dist/.
 */
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

/**
 * What the programs judge. `sockets`: internet sockets, where they are made, bound, connected and
 * sent from. `sockets-and-names`: also names of unix sockets. `destinations`: where sockets of
 * either kind connect and send to, beside a mediator that judges the rest.
 */
export type Judged = "sockets" | "sockets-and-names" | "destinations";

/**
 * Each packet costs a look by `egress`. It is left out where policy and level stay and no other
 * destination can be outside: a domain that sends no datagrams, or may send them everywhere.
 */
export function programsFor(
  judged: Judged,
  addresses: readonly AddressRule[],
): readonly ProgramName[] {
  if (judged === "destinations") return destinationPrograms;
  const names = programNames(judged === "sockets-and-names");
  return grantsSomeUdpDestinations(addresses) ? names : names.filter((name) => name !== "egress");
}

/** The programs for a host; without `unix` only those for internet sockets. */
export function programNames(unix: boolean): readonly ProgramName[] {
  return unix ? [...inetPrograms, ...unixPrograms] : inetPrograms;
}

/** Maps that survive when the programs of an anchor are replaced. */
export const lastingMaps: readonly string[] = [CONTROL_MAP, ...recordMaps];

/** New maps (`made`), or those of the previous programs by name, as descriptors. */
export type Lasting =
  | { readonly kind: "made"; readonly control: Control }
  | { readonly kind: "kept"; readonly maps: ReadonlyMap<string, number> };

/**
 * Loads the programs, with their maps filled and frozen, attached to nothing yet. The caller closes
 * the object. `lasting`: left out for programs that enforce permanently.
 */
export function loadPrograms(
  bytes: Uint8Array,
  tables: CgroupTables,
  programs: readonly ProgramName[],
  lasting: Lasting = { kind: "made", control: alwaysEnforcing },
): BpfObject {
  const object = new BpfObject(bytes);
  try {
    for (const program of programNames(true))
      if (!programs.includes(program)) object.skipProgram(program);
    const maps = mapBytes(tables);
    object.setInitialValue(".rodata", configurationBytes(tables));
    for (const map of maps) object.setMaxEntries(map.name, Math.max(1, map.count));
    if (lasting.kind === "kept") for (const [name, fd] of lasting.maps) object.reuse(name, fd);
    object.load(programs);
    for (const map of maps) {
      object.update(map.name, map.keys, map.values, map.count);
      object.freeze(map.name);
    }
    if (lasting.kind === "made") begin(object, lasting.control);
    return object;
  } catch (error) {
    object[Symbol.dispose]();
    throw error;
  }
}

const alwaysEnforcing: Control = { level: "enforcing", number: null, generation: 0, table: 0 };

/**
 * Freezing restricts user space only; the programs still write. A level that may change is not
 * frozen.
 */
function begin(object: BpfObject, control: Control): void {
  object.update(CONTROL_MAP, Buffer.alloc(4), controlBytes(control), 1);
  if (control.number === null) object.freeze(CONTROL_MAP);
  for (const map of recordMaps) object.freeze(map);
}
