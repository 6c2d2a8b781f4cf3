import { createHash } from "node:crypto";
import { type WordSection, wordSections } from "../kinds/model.ts";
import { Permission } from "../model/permission.ts";
import type { Policy, Source } from "../model/policy.ts";

/**
 * Which grants of a supervised domain were used: a file for each list of grants, which mediators
 * map and mark, and which the agent reads. A mark is one byte in shared memory.
 */

/** A rule that grants something for good. */
export interface Grant {
  /** Equal for rules that one pattern or word of a line became, wherever that line stands. */
  readonly id: string;
  readonly source: Source;
  /** Every use of it is notified to a mediator, so that a missing mark tells something. */
  readonly isSeen: boolean;
}

/** Hexadecimal digits of a grant's id. */
const ID_DIGITS = 16;
const ID_BYTES = ID_DIGITS / 2;

export function grantId(section: string, text: string): string {
  return createHash("sha256").update(`${section} ${text}`).digest("hex").slice(0, ID_DIGITS);
}

/**
 * The kernel's own check for capabilities is recorded, and each call that finds an object of IPC.
 */
const seenWords: ReadonlySet<WordSection> = new Set(["capabilities", "ipc"]);

/** Grants that end by themselves are left out. */
export function grantsOf(policy: Policy): readonly Grant[] {
  const { names, addresses, sockets } = policy;
  const ofRule =
    (section: string, isSeen: boolean) =>
    ({ source }: { readonly source: Source }): Grant => ({
      ...{ id: grantId(section, source.text), source, isSeen },
    });
  const lasting = <R extends { readonly effect: string; readonly source: Source }>(
    rules: readonly R[],
  ) => rules.filter(({ effect, source }) => effect === "allow" && source.until === undefined);
  return [
    // Programs of control groups judge where sockets connect, and tell of refusals only.
    ...lasting(names).map((rule) =>
      ofRule("names", (rule.permissions & ~Permission.connect) !== 0)(rule),
    ),
    ...lasting(addresses).map((rule) => ofRule("addresses", rule.operation === "listen")(rule)),
    ...lasting(sockets).map(ofRule("sockets", true)),
    ...wordSections.flatMap((section) =>
      lasting(policy[section]).map(ofRule(section, seenWords.has(section))),
    ),
  ];
}

/** Words: the version of the layout, how often marks were taken back, the number of grants. */
const [VERSION_AT, EPOCH_AT, COUNT_AT, HEAD_BYTES] = [0, 4, 8, 12];
const VERSION = 1;

/** The file of a domain with that number whose mediators know these grants. */
export function usedGrantsName(number: number, ids: readonly string[]): string {
  const digest = createHash("sha256").update(ids.join("")).digest("hex").slice(0, ID_DIGITS);
  return `${number}-${digest}`;
}

export function numberOfUsedGrants(name: string): number | null {
  const number = /^(\d+)-[0-9a-f]+$/.exec(name)?.[1];
  return number === undefined ? null : Number(number);
}

export function newUsedGrants(ids: readonly string[]): Buffer {
  const bytes = Buffer.alloc(HEAD_BYTES + ids.length * (ID_BYTES + 1));
  bytes.writeUInt32LE(VERSION, VERSION_AT);
  bytes.writeUInt32LE(ids.length, COUNT_AT);
  bytes.write(ids.join(""), HEAD_BYTES, "hex");
  return bytes;
}

/** Where the marks begin, one byte for each grant. */
export function marksAt(count: number): number {
  return HEAD_BYTES + count * ID_BYTES;
}

export function epochOf(bytes: Buffer): number {
  return bytes.readUInt32LE(EPOCH_AT);
}

/** The ids of marked grants; null for bytes that are no such file. */
export function usedGrants(bytes: Buffer): readonly string[] | null {
  const count = countIn(bytes);
  if (count === null) return null;
  const marks = bytes.subarray(marksAt(count));
  return [...marks.keys()]
    .filter((at) => marks[at] !== 0)
    .map((at) => {
      const begin = HEAD_BYTES + at * ID_BYTES;
      return bytes.toString("hex", begin, begin + ID_BYTES);
    });
}

/** What to write, and where, to take all marks back; marks first. */
export function withoutMarks(
  bytes: Buffer,
): readonly { readonly at: number; readonly bytes: Buffer }[] {
  const count = countIn(bytes);
  if (count === null) return [];
  const epoch = Buffer.alloc(4);
  epoch.writeUInt32LE((epochOf(bytes) + 1) >>> 0);
  return [
    { at: marksAt(count), bytes: Buffer.alloc(count) },
    { at: EPOCH_AT, bytes: epoch },
  ];
}

function countIn(bytes: Buffer): number | null {
  if (bytes.length < HEAD_BYTES || bytes.readUInt32LE(VERSION_AT) !== VERSION) return null;
  const count = bytes.readUInt32LE(COUNT_AT);
  return bytes.length === HEAD_BYTES + count * (ID_BYTES + 1) ? count : null;
}
