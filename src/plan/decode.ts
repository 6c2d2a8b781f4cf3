import { crc32 } from "node:zlib";
import { readJson } from "../base/read-json.ts";
import { inflated } from "./deflated.ts";
import { demands } from "./demands.ts";
import { PlanFormatError, planStrings } from "./format-error.ts";
import {
  factRoles,
  levelNumbers,
  planFlags,
  type RecordOf,
  type RecordSection,
  recordSize,
  sections,
} from "./layout.ts";
import { mediationSchema } from "./mediation-schema.ts";
import { type Fact, type FactRole, type MediationPlan, type Plan, policyTagOf } from "./plan.ts";
import { readRecord, type StringReader } from "./record.ts";
import { type SectionRanges, sectionRanges } from "./section-ranges.ts";

export { PlanFormatError } from "./format-error.ts";

/** Any bytes give a plan that fulfils `demands.ts`, or a PlanFormatError with its offset. */
export function decodePlan(bytes: Uint8Array): Plan {
  const ranges = sectionRanges(bytes, (body) => crc32(body));
  const reader = new Reader(bytes, ranges);
  const plan = build(reader);
  const problem = demands(plan);
  if (problem !== null) throw new PlanFormatError(ranges.head.offset, problem);
  return plan;
}

class Reader {
  readonly #view: DataView;
  readonly #strings: StringReader;
  readonly bytes: Uint8Array;
  readonly ranges: SectionRanges;

  constructor(bytes: Uint8Array, ranges: SectionRanges) {
    this.bytes = bytes;
    this.ranges = ranges;
    this.#view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    this.#strings = planStrings(bytes, ranges.strings);
  }

  records<N extends RecordSection>(name: N): RecordOf<(typeof sections)[N]>[] {
    const { offset, length } = this.ranges[name];
    const size = recordSize(name);
    return Array.from({ length: length / size }, (_, index) =>
      readRecord(sections[name], this.#view, offset + index * size, this.#strings),
    ) as unknown as RecordOf<(typeof sections)[N]>[];
  }

  section(name: "filter" | "askingFilter" | "automaton" | "mediation"): Uint8Array {
    const { offset, length } = this.ranges[name];
    return this.bytes.slice(offset, offset + length);
  }

  inflated(name: "automaton" | "mediation"): Uint8Array {
    try {
      return inflated(this.section(name));
    } catch (cause) {
      throw new PlanFormatError(
        this.ranges[name].offset,
        `${name} cannot be inflated: ${(cause as Error).message}`,
      );
    }
  }
}

function build(reader: Reader): Plan {
  const at = reader.ranges.head.offset;
  const [head, ...more] = reader.records("head");
  if (head === undefined || more.length > 0) throw new PlanFormatError(at, "not exactly one head");
  const level = (Object.keys(levelNumbers) as (keyof typeof levelNumbers)[]).find(
    (name) => levelNumbers[name] === head.level,
  );
  if (level === undefined) throw new PlanFormatError(at, `unknown level ${head.level}`);
  const known = Object.values(planFlags).reduce((set: number, bit) => set | bit, 0);
  if ((head.flags & ~known) !== 0) throw new PlanFormatError(at, `unknown flags ${head.flags}`);
  const has = (flag: keyof typeof planFlags) => (head.flags & planFlags[flag]) !== 0;
  const groups = reader.records("groups").map(({ gid }) => gid);
  return {
    domain: head.domain,
    number: head.number === 0 ? null : head.number,
    policyTag: policyTagOf(Buffer.from(head.policy).toString("hex")),
    level,
    mode: has("SUPERVISED") ? "supervised" : "sealed",
    engine: has("BPF_LSM") ? "bpf-lsm" : "landlock",
    attended: has("ATTENDED"),
    facts: facts(reader),
    host: {
      landlockAbi: head.landlockAbi,
      ptraceScope: head.ptraceScope,
      withoutCgroup2: has("WITHOUT_CGROUP2"),
      forOneStart: has("FOR_ONE_START"),
    },
    identity: {
      user: has("USER") ? { uid: head.uid, gid: head.gid, groups } : null,
      noNewPrivileges: has("NO_NEW_PRIVILEGES"),
      bounding: head.bounding,
      ambient: head.ambient,
      privateIpc: has("PRIVATE_IPC"),
    },
    landlock: has("LANDLOCK")
      ? {
          handledFs: head.handledFs,
          handledNet: head.handledNet,
          scoped: head.scoped,
          restrictFlags: head.restrictFlags,
          paths: pathRules(reader),
          ports: reader
            .records("portRules")
            .map(({ port, rights }) => ({ port: Number(port), rights })),
        }
      : null,
    seccomp: has("SECCOMP") ? seccomp(reader, head.seccompFlags, has) : null,
    cgroup: has("CGROUP")
      ? {
          anchor: head.cgroupAnchor,
          programs: reader
            .records("cgroupPrograms")
            .map(({ attachType, tag }) => ({ attachType: Number(attachType), tag })),
        }
      : null,
    coreDumps: has("CORE_DUMPS"),
    noNewCode: has("NO_NEW_CODE"),
    inherit: {
      stdio: has("INHERIT_STDIO"),
      stdioSockets: has("INHERIT_STDIO_SOCKETS"),
      listen: has("INHERIT_LISTEN"),
    },
    automaton: reader.inflated("automaton"),
    mediation: mediation(reader),
  };
}

function seccomp(
  reader: Reader,
  flags: number,
  has: (flag: keyof typeof planFlags) => boolean,
): NonNullable<Plan["seccomp"]> {
  const asking = reader.section("askingFilter");
  return {
    ...{ filter: reader.section("filter"), flags, listener: has("LISTENER") },
    ...(asking.length === 0 ? {} : { asking }),
    ...(has("TCP_HELD") ? { tcpHeld: true } : {}),
  };
}

function facts(reader: Reader): Fact[] {
  return [
    ...reader.records("startFacts").map((fact) => ({ kind: "start" as const, ...fact })),
    ...reader
      .records("nameFacts")
      .map((record) => nameFact(record, reader.ranges.nameFacts.offset)),
  ];
}

function nameFact(record: RecordOf<(typeof sections)["nameFacts"]>, at: number): Fact {
  const { path, mode } = record;
  if (record.role === factRoles.OBJECT) return { kind: "object", path, type: mode };
  if (record.role === factRoles.UNTIL)
    return { kind: "until", until: Number(record.ctimeNs / NS_PER_MS) };
  const role = roles.get(record.role);
  if (role === undefined) throw new PlanFormatError(at, `fact of role ${record.role}`);
  return mode === 0 ? { kind: "absent", path, role } : { kind: "node", ...record, role };
}

const NS_PER_MS = 1_000_000n;

const roles: ReadonlyMap<number, FactRole> = new Map([
  [factRoles.AUTHORITY, "authority"],
  [factRoles.SNAPSHOT, "snapshot"],
]);

function pathRules(reader: Reader) {
  return reader.records("pathRules").map(({ path, directory, rights }) => {
    if (directory > 1)
      throw new PlanFormatError(
        reader.ranges.pathRules.offset,
        `directory is ${directory} for \`${path}\``,
      );
    return { path, directory: directory === 1, rights };
  });
}

function mediation(reader: Reader): MediationPlan {
  const { offset } = reader.ranges.mediation;
  const bytes = reader.inflated("mediation");
  const read = readJson(mediationSchema, textOf(bytes, offset));
  if (read.state === "good") return read.value;
  throw new PlanFormatError(offset, `mediation: ${read.problem}`);
}

function textOf(bytes: Uint8Array, offset: number): string {
  try {
    return new TextDecoder("utf-8", { fatal: true }).decode(bytes);
  } catch {
    throw new PlanFormatError(offset, "mediation is no UTF-8");
  }
}
