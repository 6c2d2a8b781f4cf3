import fc from "fast-check";

/** Credentials that a process, or one thread of it, takes before it acts. */
export interface Shape {
  /** Real, effective, saved, of the file system. */
  readonly uid: readonly number[];
  readonly gid: readonly number[];
  readonly groups: readonly number[];
  /** Masks of capabilities. */
  readonly permitted: bigint;
  readonly effective: bigint;
  readonly securebits: number;
  /** One thread; one of two takes the shape; both have it. */
  readonly threads: "alone" | "one" | "both";
  /** A Landlock layer of its own. */
  readonly layer: boolean;
  /** Soft limit of descriptors; null leaves it. */
  readonly descriptors: number | null;
}

const ALL = (1n << 41n) - 1n;
const root = [0, 0, 0, 0];
const user = [33, 33, 33, 33];
const nobody = [65534, 65534, 65534, 65534];

const plain: Shape = {
  uid: root,
  gid: root,
  groups: [],
  permitted: ALL,
  effective: ALL,
  securebits: 0,
  threads: "alone",
  layer: false,
  descriptors: null,
};
const powerless = { permitted: 0n, effective: 0n };

/** Those that daemons really have, and one of each kind that is different. */
export const namedShapes: Readonly<Record<string, Shape>> = {
  root: plain,
  "root with threads": { ...plain, threads: "both" },
  "root without capabilities": { ...plain, ...powerless },
  "an ordinary user": { ...plain, uid: user, gid: user, ...powerless },
  "an ordinary user with threads": {
    ...plain,
    uid: user,
    gid: user,
    ...powerless,
    threads: "both",
  },
  "one thread that dropped its privileges": {
    ...plain,
    uid: nobody,
    gid: nobody,
    ...powerless,
    threads: "one",
  },
  "effective and file-system ids alone": {
    ...plain,
    uid: [0, 33, 0, 33],
    gid: [0, 33, 0, 33],
    ...powerless,
    threads: "one",
  },
  "a real id alone": { ...plain, uid: [33, 0, 0, 0], gid: [33, 0, 0, 0], ...powerless },
  "a real id alone, with threads": {
    ...plain,
    uid: [33, 65534, 65534, 65534],
    gid: nobody,
    ...powerless,
    threads: "both",
  },
  "supplementary groups": { ...plain, uid: nobody, gid: nobody, groups: [0, 33], ...powerless },
  "capabilities permitted and not effective": {
    ...plain,
    uid: user,
    gid: user,
    effective: 0n,
    threads: "both",
  },
  "capabilities of a user": { ...plain, uid: user, gid: user, threads: "one" },
  "no capabilities by securebits": { ...plain, ...powerless, securebits: 0x3 },
  "few descriptors": {
    ...plain,
    uid: user,
    gid: user,
    ...powerless,
    threads: "both",
    descriptors: 100,
  },
};

const id = fc.constantFrom(0, 33, 65534);
const ids = fc.oneof(
  fc.constantFrom(root, user, nobody),
  fc.tuple(id, id, id, id).map((all) => [...all]),
);
/** capabilities(7): the first dozen, ptrace, admin, nice, resource, time, mknod, setpcap. */
const telling = [0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 12, 13, 19, 21, 23, 24, 25, 27];
const capabilities = fc.oneof(
  { arbitrary: fc.constant(0n), weight: 3 },
  fc.constant(ALL),
  fc.subarray(telling).map((bits) => bits.reduce((set, bit) => set | (1n << BigInt(bit)), 0n)),
);

export const anyShape: fc.Arbitrary<Shape> = fc.record({
  uid: ids,
  gid: ids,
  groups: fc.subarray([0, 33, 34, 65534]),
  permitted: capabilities,
  effective: capabilities,
  // SECBIT_NOROOT, SECBIT_NO_SETUID_FIXUP, SECBIT_KEEP_CAPS (linux/securebits.h).
  securebits: fc.constantFrom(0, 0, 1, 4, 0x10),
  threads: fc.constantFrom("alone" as const, "one" as const, "both" as const),
  layer: fc.integer({ min: 0, max: 9 }).map((die) => die === 0),
  descriptors: fc.constantFrom(null, null, null, 100),
});

const THREADS = { alone: 0, one: 1, both: 2 } as const;

/** As `acts.c` reads it. */
export function spellShape(shape: Shape): string {
  return [
    `uid=${shape.uid.join(",")}`,
    `gid=${shape.gid.join(",")}`,
    `groups=${shape.groups.join(",")}`,
    `permitted=${shape.permitted.toString(16)}`,
    `effective=${(shape.effective & shape.permitted).toString(16)}`,
    `securebits=${shape.securebits}`,
    `threads=${THREADS[shape.threads]}`,
    `layer=${shape.layer ? 1 : 0}`,
    `descriptors=${shape.descriptors ?? -1}`,
  ].join(" ");
}
