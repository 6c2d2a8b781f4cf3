import { crc32 } from "node:zlib";
import { canonicalJson } from "./canonical-json.ts";
import { deflated } from "./deflated.ts";
import { demands } from "./demands.ts";
import {
  align,
  ENTRY_SIZE,
  factRoles,
  HEADER_SIZE,
  header,
  levelNumbers,
  PLAN_MAGIC,
  PLAN_VERSION,
  planFlags,
  planLimits,
  type RecordOf,
  type RecordSection,
  recordSize,
  SECTION_ALIGNMENT,
  sectionEntry,
  sectionNames,
  sections,
  UPTIME_FILE,
} from "./layout.ts";
import { type Fact, type FactRole, NO_POLICY_TAG, type Plan } from "./plan.ts";
import { type StringWriter, writeRecords } from "./record.ts";

type Records = { readonly [N in RecordSection]: readonly RecordOf<(typeof sections)[N]>[] };

/**
 * Equal plans give equal bytes, whatever the order of facts, groups, rules and keys. Throws
 * RangeError or TypeError for a plan that the launcher would refuse (`demands.ts`) or that does not
 * fit the layout.
 */
export function encodePlan(plan: Plan): Uint8Array {
  const problem = demands(plan);
  if (problem !== null) throw new RangeError(problem);
  const strings = new StringTable();
  const records = recordsOf(plan);
  const parts = new Map<string, Uint8Array>();
  for (const name of sectionNames) {
    if (name === "strings" || name === "automaton" || name === "mediation") continue;
    parts.set(name, writeRecords(sections[name], records[name] as never, strings));
  }
  parts.set("strings", strings.bytes());
  parts.set("automaton", deflated(plan.automaton));
  parts.set("mediation", deflated(new TextEncoder().encode(canonicalJson(plan.mediation))));
  return assemble(
    sectionNames.map((name) => ({
      record: recordSize(name),
      bytes: parts.get(name) as Uint8Array,
    })),
  );
}

function recordsOf(plan: Plan): Records {
  const facts = <K extends Fact["kind"]>(kind: K) =>
    plan.facts.filter((fact): fact is Extract<Fact, { kind: K }> => fact.kind === kind);
  return {
    head: [head(plan)],
    startFacts: facts("start"),
    nameFacts: [
      ...facts("node").map((fact) => ({ ...fact, role: roleNumber(fact.role) })),
      ...facts("absent").map(({ path, role }) => ({ ...nothing, path, role: roleNumber(role) })),
      ...facts("object").map(({ path, type }) => ({
        ...nothing,
        ...{ path, mode: type, role: factRoles.OBJECT },
      })),
      ...facts("until").map(({ until }) => ({
        ...nothing,
        ...{ path: UPTIME_FILE, ctimeNs: BigInt(until) * NS_PER_MS, role: factRoles.UNTIL },
      })),
    ].sort(byPath),
    groups: [...(plan.identity.user?.groups ?? [])].sort((a, b) => a - b).map((gid) => ({ gid })),
    pathRules: (plan.landlock?.paths ?? [])
      .map((rule) => ({ ...rule, directory: rule.directory ? 1 : 0 }))
      .sort(byPath),
    portRules: (plan.landlock?.ports ?? [])
      .map(({ port, rights }) => ({ port: BigInt(port), rights }))
      .sort((a, b) => Number(a.port - b.port)),
    filter: filterRecords(plan.seccomp?.filter ?? new Uint8Array()),
    askingFilter: filterRecords(plan.seccomp?.asking ?? new Uint8Array()),
    cgroupPrograms: (plan.cgroup?.programs ?? [])
      .map(({ attachType, tag }) => ({ attachType: BigInt(attachType), tag }))
      .sort((a, b) => Number(a.attachType - b.attachType) || Buffer.compare(a.tag, b.tag)),
  };
}

const NS_PER_MS = 1_000_000n;

/** An existing name never has mode 0. */
const nothing = { mode: 0, dev: 0n, ino: 0n, size: 0n, ctimeNs: 0n };

const roleNumber = (role: FactRole): number =>
  role === "authority" ? factRoles.AUTHORITY : factRoles.SNAPSHOT;

function head(plan: Plan): RecordOf<(typeof sections)["head"]> {
  const { identity, landlock, seccomp, cgroup, inherit } = plan;
  const flags: Record<keyof typeof planFlags, boolean> = {
    LANDLOCK: landlock !== null,
    SECCOMP: seccomp !== null,
    CGROUP: cgroup !== null,
    LISTENER: seccomp?.listener === true,
    USER: identity.user !== null,
    NO_NEW_PRIVILEGES: identity.noNewPrivileges,
    PRIVATE_IPC: identity.privateIpc,
    INHERIT_STDIO: inherit.stdio,
    INHERIT_STDIO_SOCKETS: inherit.stdioSockets,
    INHERIT_LISTEN: inherit.listen,
    SUPERVISED: plan.mode === "supervised",
    ATTENDED: plan.attended,
    WITHOUT_CGROUP2: plan.host.withoutCgroup2,
    CORE_DUMPS: plan.coreDumps,
    NO_NEW_CODE: plan.noNewCode,
    BPF_LSM: plan.engine === "bpf-lsm",
    FOR_ONE_START: plan.host.forOneStart,
    TCP_HELD: seccomp?.tcpHeld === true,
  };
  return {
    level: levelNumbers[plan.level],
    flags: Object.entries(flags).reduce(
      (set, [name, on]) => (on ? set | planFlags[name as keyof typeof planFlags] : set),
      0,
    ),
    number: plan.number ?? 0,
    domain: plan.domain,
    cgroupAnchor: cgroup?.anchor ?? "",
    policy: Buffer.from(plan.policyTag ?? NO_POLICY_TAG, "hex"),
    bounding: identity.bounding,
    ambient: identity.ambient,
    uid: identity.user?.uid ?? 0,
    gid: identity.user?.gid ?? 0,
    handledFs: landlock?.handledFs ?? 0n,
    handledNet: landlock?.handledNet ?? 0n,
    scoped: landlock?.scoped ?? 0n,
    restrictFlags: landlock?.restrictFlags ?? 0,
    seccompFlags: seccomp?.flags ?? 0,
    landlockAbi: plan.host.landlockAbi,
    ptraceScope: plan.host.ptraceScope,
  };
}

function filterRecords(filter: Uint8Array): RecordOf<(typeof sections)["filter"]>[] {
  const view = new DataView(filter.buffer, filter.byteOffset, filter.byteLength);
  return Array.from({ length: filter.length / 8 }, (_, index) => ({
    code: view.getUint16(index * 8, true),
    jt: view.getUint8(index * 8 + 2),
    jf: view.getUint8(index * 8 + 3),
    k: view.getUint32(index * 8 + 4, true),
  }));
}

function byPath(a: { path: string }, b: { path: string }): number {
  return a.path < b.path ? -1 : a.path > b.path ? 1 : 0;
}

function assemble(parts: readonly { record: number; bytes: Uint8Array }[]): Uint8Array {
  let end = HEADER_SIZE + ENTRY_SIZE * parts.length;
  const entries = parts.map(({ record, bytes }, id) => {
    const offset = align(end, SECTION_ALIGNMENT);
    end = offset + bytes.length;
    return { id, record, offset: BigInt(offset), length: BigInt(bytes.length) };
  });
  const length = align(end, SECTION_ALIGNMENT);
  if (length > planLimits.PLAN_BYTES_MAX)
    throw new RangeError(`plan of ${length} bytes, at most ${planLimits.PLAN_BYTES_MAX}`);
  const plan = new Uint8Array(length);
  plan.set(writeRecords(sectionEntry, entries, noStrings), HEADER_SIZE);
  parts.forEach(({ bytes }, index) => {
    plan.set(bytes, Number(entries[index]?.offset));
  });
  const magic = new TextEncoder().encode(PLAN_MAGIC);
  const crc = crc32(plan.subarray(HEADER_SIZE));
  const fields = {
    magic,
    version: PLAN_VERSION,
    sections: parts.length,
    length: BigInt(length),
    crc,
    reserved: 0,
  };
  plan.set(writeRecords(header, [fields], noStrings), 0);
  return plan;
}

const noStrings: StringWriter = {
  offsetOf() {
    throw new TypeError("no strings here");
  },
};

/** Each string once, in order of first use. */
class StringTable implements StringWriter {
  readonly #offsets = new Map<string, number>([["", 0]]);
  readonly #parts: string[] = [""];
  #length = 1;

  offsetOf(text: string): number {
    const known = this.#offsets.get(text);
    if (known !== undefined) return known;
    if (text.includes("\0")) throw new RangeError(`NUL inside ${JSON.stringify(text)}`);
    if (/\p{Surrogate}/u.test(text)) throw new RangeError(`no UTF-8 for ${JSON.stringify(text)}`);
    const offset = this.#length;
    this.#offsets.set(text, offset);
    this.#parts.push(text);
    this.#length += Buffer.byteLength(text) + 1;
    return offset;
  }

  bytes(): Uint8Array {
    return new TextEncoder().encode(`${this.#parts.join("\0")}\0`);
  }
}
