import { namedElsewhere } from "../../mediate/answer/no-place.ts";
import { CONTINUE, error, type Outcome } from "../../mediate/answer/outcome.ts";
import type { Call } from "../../mediate/calls/call.ts";
import { lacking } from "../../mediate/calls/files/lacking.ts";
import { refusedWord } from "../../mediate/calls/state/words.ts";
import { E } from "../../mediate/sys/abi.ts";
import { errnoOf } from "../../mediate/sys/errno.ts";
import { type Bytes, fstat, type Stat, shown } from "../../mediate/sys/sys.ts";
import { namesOf } from "../../mediate/walk/place.ts";
import type { MemoryKind } from "./model.ts";

/** The register of mmap(2) with the file. */
const FILE = 4;

/**
 * mmap of a file for execution: the name of the file behind the descriptor must be granted `m`. The
 * kernel makes the mapping and reads the descriptor again. A process with one thread cannot
 * exchange it meanwhile. Another thread can, so such a process needs `dlopen` as well.
 */
export function mapFile(call: Call): Outcome {
  const fd = call.target.descriptor(call.int(FILE));
  const stat = fd < 0 ? errnoOf(fd) : fstat(fd);
  if (typeof stat === "number") return error(stat);
  for (const name of namesOf(fd, stat)) {
    // Sockets, pipes and the like are on mounts of the kernel's own, which are noexec.
    if (typeof name === "number") return error(E.PERM);
    const refused = refusedFile(call, stat, name) ?? refusedBesideThreads(call, name);
    if (refused !== null) return refused;
  }
  return CONTINUE;
}

function refusedFile(call: Call, stat: Stat, name: Bytes): Outcome | null {
  if (isInMemory(call, stat, name)) return refusedKind(call, "memfd", name);
  return lacking(call, name, ["map"]) ?? namedElsewhere(call, stat, name);
}

/** Whether memfd_create(2) made the file, which is on a mount of the kernel's own. */
function isInMemory(call: Call, { mount }: Stat, name: Bytes): boolean {
  return name.startsWith("/memfd:") && !call.broker.mounts.has(mount);
}

/**
 * Another process with the same table of descriptors can only have been made below level enforcing
 * (`DescriptorTables`), where both could map any file. So only threads count here.
 */
function refusedBesideThreads(call: Call, name: Bytes): Outcome | null {
  return call.target.status.threads === 1 ? null : refusedKind(call, "dlopen", name);
}

function refusedKind(call: Call, kind: MemoryKind, name: Bytes): Outcome | null {
  const object = `${kind} to map ${shown(name)}`;
  return refusedWord(call, { class: "memory", kind }, { operation: "use", object });
}
