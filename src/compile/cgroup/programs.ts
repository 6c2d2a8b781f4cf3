import {
  destinationPrograms,
  inetPrograms,
  type ProgramName,
  receivingPrograms,
  unixPrograms,
} from "../../kernel/bpf/attach-types.ts";
import { CONTROL_MAP, type Control, controlBytes } from "../../kernel/bpf/control.ts";
import { BpfObject } from "../../kernel/bpf/object.ts";
import { recordMaps } from "../../kernel/bpf/refusals.ts";
import { readShipped } from "../../kernel/bpf/shipped.ts";
import type { AddressRule } from "../../kinds/addresses/model.ts";
import { grantsSomeUdpDestinations, grantsUdpAnswers } from "../../model/udp-destinations.ts";
import { configurationBytes, mapBytes } from "./map-bytes.ts";
import type { CgroupTables } from "./tables.ts";

export function shippedObject(): Uint8Array {
  return readShipped("cofferdam_cgroup.bpf.o");
}

/**
 * `sockets`: internet sockets, where they are made, bound, connected and sent from.
 * `sockets-and-names`: also names of unix sockets. `destinations`: where sockets of either kind
 * connect and send to, beside a mediator that judges the rest.
 */
export type Judged = "sockets" | "sockets-and-names" | "destinations";

/**
 * `egress` costs time for each packet, and `recvmsg4` and `recvmsg6` for each datagram. If policy
 * and level cannot change, they are left out where they decide nothing: the domain sends no
 * datagrams, or may send them everywhere; it may answer none, or answering needs no grant of its
 * own.
 */
export function programsFor(
  judged: Judged,
  addresses: readonly AddressRule[],
): readonly ProgramName[] {
  if (judged === "destinations") return destinationPrograms;
  const answers = grantsUdpAnswers(addresses);
  const spared: readonly ProgramName[] = [
    ...(answers || grantsSomeUdpDestinations(addresses) ? [] : (["egress"] as const)),
    ...(answers ? [] : receivingPrograms),
  ];
  return programNames(judged === "sockets-and-names").filter((name) => !spared.includes(name));
}

/** Without `unix` only those for internet sockets. */
export function programNames(unix: boolean): readonly ProgramName[] {
  return unix ? [...inetPrograms, ...unixPrograms] : inetPrograms;
}

/** Which peers each socket may answer (bpf/answer.h). Only the programs write it. */
export const PEERS_MAP = "peers";
/** PEERS_MAX. */
export const PEERS_MAX = 16_384;

/** Maps that survive when the programs of an anchor are replaced. */
export const lastingMaps: readonly string[] = [CONTROL_MAP, PEERS_MAP, ...recordMaps];

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
    if (!programs.includes("recvmsg4")) object.setMaxEntries(PEERS_MAP, 1);
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
  for (const map of [PEERS_MAP, ...recordMaps]) object.freeze(map);
}
