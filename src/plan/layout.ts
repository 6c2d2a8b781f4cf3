/**
 * The binary form of a plan, defined once. Encoder, decoder, `native/plan-layout.h` and
 * `docs/plan-format.md` come from here.
 *
 * Header, section table (one entry per section, in the order below), then the sections. Everything
 * is little-endian. Sections begin at multiples of 8, with only zero padding between them. The
 * checksum covers everything after the header.
 */

/**
 * `tag` is 8 plain bytes; `string` a u32 offset into the section `strings`; `path` likewise, of an
 * absolute path.
 */
export type FieldType = "u8" | "u16" | "u32" | "u64" | "i64" | "string" | "path" | "tag";

export interface Field {
  readonly name: string;
  readonly type: FieldType;
  readonly doc: string;
}

export type RecordLayout = readonly Field[];

type ValueOf<T extends FieldType> = T extends "u64" | "i64"
  ? bigint
  : T extends "string" | "path"
    ? string
    : T extends "tag"
      ? Uint8Array
      : number;

export type RecordOf<L extends RecordLayout> = {
  readonly [F in L[number] as F["name"]]: ValueOf<F["type"]>;
};

export const PLAN_MAGIC = "CFDMPLAN";
export const PLAN_VERSION = 8;

/** The launcher refuses larger plans. */
export const planLimits = {
  /** Size of a plan, bytes. */
  PLAN_BYTES_MAX: 64 * 1024 * 1024,
  /** Size of one inflated section, bytes. */
  PLAN_INFLATED_MAX: 256 * 1024 * 1024,
  /** Instructions of a seccomp filter: BPF_MAXINSNS of linux/bpf_common.h. */
  PLAN_FILTER_MAX: 4096,
  /** Supplementary groups: NGROUPS_MAX of linux/limits.h. */
  PLAN_GROUPS_MAX: 65536,
} as const;

/** Of the clock that facts of role UNTIL are compared with (proc_uptime(5)). */
export const UPTIME_FILE = "/proc/uptime";

/** How `nameFacts` are compared. */
export const factRoles = {
  /** Everything, whenever the plan is used. */
  AUTHORITY: 0,
  /** Everything, unless the plan was compiled for this start. */
  SNAPSHOT: 1,
  /** Like SNAPSHOT, with only the file type of `mode`; the other fields are 0. */
  OBJECT: 2,
  /** The clock of `path` is before `ctimeNs`, whenever the plan is used; the others are 0. */
  UNTIL: 3,
} as const;

export const levelNumbers = { enforcing: 0, warning: 1, disabled: 2 } as const;

export const planFlags = {
  LANDLOCK: 1,
  SECCOMP: 2,
  CGROUP: 4,
  /** The filter is installed with SECCOMP_FILTER_FLAG_NEW_LISTENER. */
  LISTENER: 8,
  /** `uid`, `gid` and the section `groups` apply; otherwise the caller's stay. */
  USER: 16,
  NO_NEW_PRIVILEGES: 32,
  PRIVATE_IPC: 64,
  INHERIT_STDIO: 128,
  INHERIT_STDIO_SOCKETS: 256,
  INHERIT_LISTEN: 512,
  /** Every mediated call is notified; there is no Landlock layer. */
  SUPERVISED: 1024,
  /** The front stays the daemon's ancestor. */
  ATTENDED: 2048,
  /** Made where no control groups version 2 were mounted: stale where they are. */
  WITHOUT_CGROUP2: 4096,
  /** Made for one start: something was missing that may be there later. */
  FOR_ONE_START: 8192,
  /** Landlock checks the destinations of TCP sockets, wherever they were made. */
  TCP_HELD: 16384,
  /** The caller's limit of core files stays. */
  CORE_DUMPS: 32768,
  /** PR_SET_MDWE: no memory becomes executable that was mapped without. */
  NO_NEW_CODE: 65536,
  /** The agent leads the launcher's execve into the domain, which the bpf-lsm engine holds. */
  BPF_LSM: 131072,
} as const;

export const header = [
  { name: "magic", type: "tag", doc: "`CFDMPLAN`" },
  { name: "version", type: "u32", doc: `${PLAN_VERSION}` },
  { name: "sections", type: "u32", doc: "number of entries in the section table" },
  { name: "length", type: "u64", doc: "bytes of the whole plan" },
  {
    name: "crc",
    type: "u32",
    doc: "CRC-32 (IEEE 802.3, as in zlib) of everything behind the header",
  },
  { name: "reserved", type: "u32", doc: "0" },
] as const satisfies RecordLayout;

export const sectionEntry = [
  { name: "id", type: "u32", doc: "position in the table, from 0" },
  { name: "record", type: "u32", doc: "bytes of one record; 1 for bytes" },
  { name: "offset", type: "u64", doc: "from the plan's begin, a multiple of 8" },
  { name: "length", type: "u64", doc: "bytes, a multiple of `record`" },
] as const satisfies RecordLayout;

const instructions = [
  { name: "code", type: "u16", doc: "struct sock_filter of linux/filter.h" },
  { name: "jt", type: "u8", doc: "" },
  { name: "jf", type: "u8", doc: "" },
  { name: "k", type: "u32", doc: "" },
] as const satisfies RecordLayout;

export const sections = {
  head: [
    { name: "level", type: "u32", doc: "0 enforcing, 1 warning, 2 disabled" },
    { name: "flags", type: "u32", doc: "see flags" },
    { name: "number", type: "u32", doc: "the domain's number; 0 for none, since 0 is superDom's" },
    { name: "domain", type: "string", doc: "the domain's name" },
    { name: "cgroupAnchor", type: "string", doc: "absolute directory; empty without CGROUP" },
    { name: "policy", type: "tag", doc: "digest of the policy; zero where none is known by name" },
    { name: "bounding", type: "u64", doc: "capability bounding set to keep" },
    { name: "ambient", type: "u64", doc: "ambient capabilities, within `bounding`" },
    { name: "uid", type: "u32", doc: "0 without USER" },
    { name: "gid", type: "u32", doc: "0 without USER" },
    { name: "handledFs", type: "u64", doc: "LANDLOCK_ACCESS_FS_* handled" },
    { name: "handledNet", type: "u64", doc: "LANDLOCK_ACCESS_NET_* handled" },
    { name: "scoped", type: "u64", doc: "LANDLOCK_SCOPE_*" },
    { name: "restrictFlags", type: "u32", doc: "flags of landlock_restrict_self" },
    { name: "seccompFlags", type: "u32", doc: "SECCOMP_FILTER_FLAG_* beside NEW_LISTENER" },
    { name: "landlockAbi", type: "u32", doc: "Landlock's ABI must be this one; 0 for none" },
    {
      name: "ptraceScope",
      type: "u32",
      doc: "Yama's ptrace_scope must be this one; 0 also where there is no Yama",
    },
  ],
  startFacts: [
    {
      name: "text",
      type: "string",
      doc: "what the front composes of kernel, caller and choice; exactly one",
    },
  ],
  nameFacts: [
    { name: "path", type: "path", doc: "what lstat is asked for" },
    { name: "role", type: "u32", doc: "see roles of facts" },
    {
      name: "mode",
      type: "u32",
      doc: "st_mode with the file type; 0: there is no such name",
    },
    { name: "dev", type: "u64", doc: "st_dev" },
    { name: "ino", type: "u64", doc: "st_ino" },
    { name: "size", type: "u64", doc: "st_size" },
    { name: "ctimeNs", type: "i64", doc: "st_ctim in nanoseconds since 1970" },
  ],
  groups: [{ name: "gid", type: "u32", doc: "supplementary group" }],
  pathRules: [
    { name: "path", type: "path", doc: "canonical path, opened with RESOLVE_NO_SYMLINKS" },
    { name: "directory", type: "u32", doc: "1 for a directory, else 0" },
    { name: "rights", type: "u64", doc: "LANDLOCK_ACCESS_FS_*, within `handledFs`" },
  ],
  portRules: [
    { name: "port", type: "u64", doc: "0..65535" },
    { name: "rights", type: "u64", doc: "LANDLOCK_ACCESS_NET_*, within `handledNet`" },
  ],
  filter: instructions,
  askingFilter: instructions,
  cgroupPrograms: [
    { name: "attachType", type: "u64", doc: "enum bpf_attach_type of linux/bpf.h" },
    { name: "tag", type: "tag", doc: "the program's tag (struct bpf_prog_info)" },
  ],
  strings: "NUL-terminated UTF-8 strings; the first is empty",
  automaton:
    "deflated (RFC 1951): the automaton over names, for the mediator (`docs/automaton.md`)",
  mediation:
    "deflated (RFC 1951): canonical JSON (sorted keys, UTF-8), for the mediator and for people",
} as const satisfies Record<string, RecordLayout | string>;

export type SectionName = keyof typeof sections;
export type RecordSection = {
  [N in SectionName]: (typeof sections)[N] extends RecordLayout ? N : never;
}[SectionName];
export const sectionNames = Object.keys(sections) as SectionName[];

const fieldSizes = {
  u8: 1,
  u16: 2,
  u32: 4,
  u64: 8,
  i64: 8,
  string: 4,
  path: 4,
  tag: 8,
} as const satisfies Record<FieldType, number>;
export const SECTION_ALIGNMENT = 8;

/**
 * The offset of each field of a record, and its size in bytes. There is no implied padding: the C
 * compiler's layout is the same.
 */
export function place(layout: RecordLayout): {
  readonly offsets: readonly number[];
  readonly size: number;
} {
  const offsets: number[] = [];
  let end = 0;
  let alignment = 1;
  for (const field of layout) {
    const size = fieldSizes[field.type];
    const natural = field.type === "tag" ? 1 : size;
    alignment = Math.max(alignment, natural);
    end = align(end, natural);
    offsets.push(end);
    end += size;
  }
  return { offsets, size: align(end, alignment) };
}

export function offsetsOf<const L extends RecordLayout>(
  layout: L,
): { readonly [N in L[number]["name"]]: number } {
  const { offsets } = place(layout);
  const named = layout.map(({ name }, index) => [name, offsets[index] ?? 0]);
  return Object.fromEntries(named) as { [N in L[number]["name"]]: number };
}

export function align(offset: number, to: number): number {
  return Math.ceil(offset / to) * to;
}

/** Bytes; 1 for a section of plain bytes. */
export function recordSize(name: SectionName): number {
  const layout: RecordLayout | string = sections[name];
  return typeof layout === "string" ? 1 : place(layout).size;
}

export const HEADER_SIZE = place(header).size;
export const ENTRY_SIZE = place(sectionEntry).size;
