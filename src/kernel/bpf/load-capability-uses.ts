import { readFileSync } from "node:fs";
import { type UseIds, type UseProgram, useMaps, usePrograms } from "./capability-uses.ts";
import { idOfMap } from "./maps.ts";
import { BpfObject, idOfProgram } from "./object.ts";
import { readShipped } from "./shipped.ts";

const OBJECT = "cofferdam_capabilities.bpf.o";
/** The program's constants: PROBES_MAX of `struct kernel_function`, bytes. */
const PROBES_MAX = 4;
const PROBE_BYTES = 16;

/**
 * Functions of Linux that ask for a capability with CAP_OPT_NOAUDIT: the answer is no condition for
 * the call. Sources: kernel/capability.c, security/commoncap.c, security/security.c.
 */
const probing = [
  "ns_capable_noaudit",
  "has_ns_capability_noaudit",
  "has_capability_noaudit",
  "security_vm_enough_memory_mm",
] as const;

/** The program, loaded and attached to nothing, for as long as the object is open. */
export interface LoadedUses extends Disposable {
  readonly ids: UseIds;
}

/** @throws if this kernel offers none of the programs what it needs; the message says why */
export function loadCapabilityUses(): LoadedUses {
  const bytes = readShipped(OBJECT);
  const failures: string[] = [];
  for (const name of usePrograms) {
    try {
      return loadOne(bytes, name);
    } catch (error) {
      failures.push(`${name}: ${error instanceof Error ? error.message : String(error)}`);
    }
  }
  throw new Error(failures.join("; "));
}

function loadOne(bytes: Uint8Array, name: UseProgram): LoadedUses {
  const object = new BpfObject(bytes);
  try {
    for (const other of usePrograms) if (other !== name) object.skipProgram(other);
    if (name === "at_tracepoint") object.setInitialValue(".rodata", addressesOfProbing());
    object.load([name]);
    const [watched, uses, used] = useMaps.map((map) => idOfMap(object.mapFd(map)));
    const program = idOfProgram(object.programFd(name));
    const ids = { name, program, watched: watched ?? 0, uses: uses ?? 0, used: used ?? 0 };
    return { ids, [Symbol.dispose]: () => object[Symbol.dispose]() };
  } catch (error) {
    object[Symbol.dispose]();
    throw error;
  }
}

/** Where each function begins, and where the next one does: the kernel lists them in order. */
function addressesOfProbing(): Uint8Array {
  const lines = readFileSync("/proc/kallsyms", "latin1").split("\n");
  const bytes = Buffer.alloc(PROBES_MAX * PROBE_BYTES);
  for (const [index, name] of probing.entries()) {
    const at = lines.findIndex((line) => line.endsWith(` ${name}`));
    const begin = addressIn(lines[at]);
    const next = lines.slice(at + 1).find((line) => addressIn(line) !== begin);
    // Without CAP_SYSLOG, or by kernel.kptr_restrict, all are zero.
    if (at < 0 || begin === 0n) throw new Error(`/proc/kallsyms does not say where ${name} is`);
    bytes.writeBigUInt64LE(begin, index * PROBE_BYTES);
    bytes.writeBigUInt64LE(addressIn(next), index * PROBE_BYTES + PROBE_BYTES / 2);
  }
  return bytes;
}

function addressIn(line = ""): bigint {
  return BigInt(`0x${line.split(" ", 1)[0] || 0}`);
}
