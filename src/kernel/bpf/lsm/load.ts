import { createHash, randomBytes } from "node:crypto";
import { readFileSync, statSync } from "node:fs";
import { join } from "node:path";
import { BPF_LSM_MAC } from "../../constants.ts";
import { close } from "../../ffi.ts";
import { mountsIn } from "../../mountinfo.ts";
import { libbpf } from "../libbpf.ts";
import { BpfObject, check } from "../object.ts";
import { readShipped } from "../shipped.ts";
import { LsmEngine } from "./engine.ts";
import {
  configurationLayout,
  LAYOUT,
  type LsmProgram,
  lastingMaps,
  laterPrograms,
  lsmMaps,
  lsmPrograms,
} from "./layout.ts";
import {
  beginGeneration,
  completeGeneration,
  generations,
  hasOtherMaps,
  hasUnknownPins,
  makePins,
  mapPin,
  openPin,
  removeGeneration,
  removeOtherMaps,
  removeParts,
  unpin,
} from "./pins.ts";

const OBJECT = "cofferdam_lsm.bpf.o";
/** Hexadecimal digits of its digest: the name of a folder on a bpffs has room for more. */
const DIGEST_DIGITS = 16;
/** Bits of a device's minor number in the kernel's own form (linux/kdev_t.h). */
const MINOR_BITS = 20n;

/**
 * Loads the engine's programs, attaches them to every hook and pins them and their maps below
 * `folder`, on a bpffs. No process is in a domain by that. Where programs of another version are
 * attached, the new ones take over their maps, and the old ones are detached when all new ones are
 * attached: in between both decide. Of maps of another layout, only those are taken over that tell
 * which domain each task is in; `fill` puts into new ones what is to be in force.
 * @throws BpfError if the kernel refuses, UnusablePins; then what is attached is as before
 */
export function loadLsm(folder: string, fill: (engine: LsmEngine) => void): void {
  const before = generations(folder);
  if (hasUnknownPins(folder)) throw new UnusablePins(`${folder} has pins of an unreleased version`);
  const shipped = shippedObject();
  if (before.at(-1)?.digest === digestOf(shipped)) {
    removeEarlier(folder);
    return;
  }
  // Whoever began to let all go, and was killed, must not have them held again.
  if (before.length === 0) unpin(folder);
  using object = new BpfObject(shipped);
  object.setInitialValue(".rodata", configuration());
  const reused = reusePinned(object, folder);
  // Else every process would be outside from then on.
  if (before.length > 0 && !lastingMaps.every((map) => reused.has(map)))
    throw new UnusablePins(`${folder} has programs, and no map of the tasks in their domains`);
  const programs = programsHere();
  for (const program of lsmPrograms) if (!programs.includes(program)) object.skipProgram(program);
  object.load(programs);
  makePins(folder);
  const number = (before.at(-1)?.number ?? 0) + 1;
  const generation = { number, layout: LAYOUT, digest: digestOf(shipped) };
  try {
    for (const map of lsmMaps)
      if (!reused.has(map))
        check(`pin map ${map}`, libbpf().pin(object.mapFd(map), mapPin(folder, map)));
    using engine = LsmEngine.openMaps(folder);
    if (engine === null) throw new Error(`not all maps are pinned below ${folder}`);
    if (before.length > 0 && before.at(-1)?.layout !== LAYOUT) {
      fill(engine);
      requirePolicies(engine);
    }
    removeParts(folder);
    const pins = beginGeneration(folder, generation);
    for (const program of programs) object.attachPinned(program, join(pins, program));
    completeGeneration(folder, generation);
  } catch (error) {
    if (before.length === 0) unpin(folder);
    else removeParts(folder);
    throw error;
  }
  removeEarlier(folder);
}

/** What is attached, or has its maps, beside the newest programs. */
function removeEarlier(folder: string): void {
  for (const old of generations(folder).slice(0, -1)) removeGeneration(folder, old);
  removeOtherMaps(folder);
}

/** Pins that cannot be taken over; they must be removed. */
export class UnusablePins extends Error {
  constructor(message: string) {
    super(message);
    this.name = "UnusablePins";
  }
}

/** A process in a domain without a policy would be denied everything. */
function requirePolicies(engine: LsmEngine): void {
  const inForce = engine.levels();
  const missing = [...engine.labels.occupied()].filter((domain) => !inForce.has(domain));
  if (missing.length > 0)
    throw new Error(`processes are in domains that have no policy any more: ${missing.join(", ")}`);
}

/** Whether programs of another version are attached, alone or beside this one's. */
export function isLsmOutdated(folder: string): boolean {
  const attached = generations(folder);
  if (attached.length === 0) return false;
  const isOnly = attached.length === 1 && !hasOtherMaps(folder);
  return !isOnly || attached[0]?.digest !== shippedLsmDigest();
}

/** Of the object that this version attaches. */
export function shippedLsmDigest(): string {
  return digestOf(shippedObject());
}

let read: Uint8Array | null = null;

/** As it was at first: a package's files are replaced before its agent is restarted. */
function shippedObject(): Uint8Array {
  read ??= readShipped(OBJECT);
  return read;
}

/** Also of what this version does with it. */
function digestOf(object: Uint8Array): string {
  const hash = createHash("sha256").update(object).update(`${LAYOUT} ${lsmPrograms.join()}`);
  return hash.digest("hex").slice(0, DIGEST_DIGITS);
}

/** Those for whose hooks this kernel has a place. */
function programsHere(): readonly LsmProgram[] {
  return lsmPrograms.filter((program) => {
    const hook = laterPrograms.get(program);
    return hook === undefined || libbpf().findKernelType(hook, BPF_LSM_MAC) > 0;
  });
}

function reusePinned(object: BpfObject, folder: string): ReadonlySet<string> {
  const reused = new Set<string>();
  for (const map of lsmMaps) {
    const fd = openPin(folder, map);
    if (fd === null) continue;
    try {
      // libbpf keeps a descriptor of its own.
      object.reuse(map, fd);
    } finally {
      close(fd);
    }
    reused.add(map);
  }
  return reused;
}

/** The root of the process that loads, which must be the host's. */
function configuration(): Uint8Array {
  const root = mountsIn(readFileSync("/proc/self/mountinfo", "utf8")).findLast(
    ({ point }) => point === "/",
  );
  if (root === undefined) throw new Error("/proc/self/mountinfo names no mount at /");
  const [major = 0n, minor = 0n] = root.device.split(":").map(BigInt);
  const bytes = Buffer.alloc(configurationLayout.bytes);
  bytes.writeBigUInt64LE((major << MINOR_BITS) | minor, configurationLayout.rootDevice);
  const { ino } = statSync("/", { bigint: true });
  bytes.writeBigUInt64LE(ino, configurationLayout.rootInode);
  randomBytes(8).copy(bytes, configurationLayout.seed);
  return bytes;
}
