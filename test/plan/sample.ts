import fc from "fast-check";
import type { Policy } from "../../src/model/policy.ts";
import type { Fact, Plan } from "../../src/plan/plan.ts";
import { nameRules } from "../model/helpers/arbitraries.ts";
import { policy as aPolicy, source } from "../model/helpers/policy.ts";

const u32 = fc.nat({ max: 0xffff_ffff });
const u64 = fc.bigInt({ min: 0n, max: 2n ** 64n - 1n });
const path = fc
  .string({ unit: "grapheme", minLength: 1, maxLength: 12 })
  .map((text) => `/${text.replaceAll("\0", "_")}`);
const text = fc.string({ maxLength: 20 }).map((value) => value.replaceAll("\0", "_"));

const role = fc.constantFrom("authority" as const, "snapshot" as const);

const fact: fc.Arbitrary<Fact> = fc.oneof(
  fc.record({
    kind: fc.constant("node" as const),
    path,
    mode: fc.integer({ min: 1, max: 0xffff_ffff }),
    dev: u64,
    ino: u64,
    size: u64,
    ctimeNs: fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n }),
    role,
  }),
  fc.record({ kind: fc.constant("absent" as const), path, role }),
  fc.record({ kind: fc.constant("object" as const), path, type: u32 }),
  fc.record({ kind: fc.constant("start" as const), text }),
  fc.record({ kind: fc.constant("until" as const), until: fc.nat() }),
);

const address = fc.oneof(
  fc.uint8Array({ minLength: 4, maxLength: 4 }).map((bytes) => ({ family: 4 as const, bytes })),
  fc.uint8Array({ minLength: 16, maxLength: 16 }).map((bytes) => ({ family: 6 as const, bytes })),
);

const policy: fc.Arbitrary<Policy> = fc
  .record({
    names: nameRules,
    summary: fc.string(),
    network: fc.option(
      address.map(({ family, bytes }) => ({ family, address: bytes, prefix: bytes.length * 8 })),
    ),
    user: fc.option(fc.string()),
    tokens: fc.array(fc.string(), { maxLength: 4 }),
  })
  .map(({ network, tokens, ...more }) => ({
    ...aPolicy(),
    ...more,
    addresses: [
      {
        ...{ effect: "allow" as const, operation: "connect" as const, protocol: "tcp" as const },
        ...{ network, ports: { first: 1, last: 2 }, source: source("connect tcp 1-2") },
      },
    ],
    syscalls: tokens.map((token) => ({ effect: "allow" as const, token, source: source(token) })),
  }));

const mediation: fc.Arbitrary<Plan["mediation"]> = fc.record({
  policy,
  events: path,
  live: fc.boolean(),
  sockets: fc.record({
    inet: fc.constantFrom("kernel" as const, "broker" as const, "refused" as const),
    unix: fc.constantFrom("kernel" as const, "broker" as const, "refused" as const),
  }),
  kernelCreates: fc.array(path),
  report: fc.constant({
    layers: [],
    brokered: [],
    expanded: [],
    lost: [],
    resolved: [],
    pinned: [],
  }),
});

const identity: fc.Arbitrary<Plan["identity"]> = fc
  .record({
    user: fc.option(fc.record({ uid: u32, gid: u32, groups: fc.array(u32, { maxLength: 5 }) })),
    noNewPrivileges: fc.boolean(),
    bounding: u64,
    ambient: u64,
    privateIpc: fc.boolean(),
  })
  .map((value) => ({ ...value, ambient: value.ambient & value.bounding }));

const everything = 2n ** 64n - 1n;
const rights = fc.bigInt({ min: 1n, max: everything });

/** Plans of level enforcing with every part present or absent as the launcher accepts it. */
export const plans: fc.Arbitrary<Plan> = fc.record({
  domain: fc.stringMatching(/^[a-z][a-z0-9@-]{0,20}$/),
  number: fc.option(fc.integer({ min: 1, max: 65535 })),
  policyTag: fc.option(fc.stringMatching(/^[1-9a-f][0-9a-f]{15}$/)),
  level: fc.constant("enforcing" as const),
  mode: fc.constant("sealed" as const),
  engine: fc.constant("landlock" as const),
  attended: fc.boolean(),
  coreDumps: fc.boolean(),
  noNewCode: fc.boolean(),
  host: fc.record({
    landlockAbi: fc.nat(9),
    ptraceScope: fc.nat(3),
    withoutCgroup2: fc.boolean(),
    forOneStart: fc.boolean(),
  }),
  facts: fc.array(fact, { maxLength: 8 }),
  identity,
  landlock: fc.record({
    handledFs: fc.constant(everything),
    handledNet: fc.constant(everything),
    scoped: u64,
    restrictFlags: u32,
    paths: fc.uniqueArray(fc.record({ path, directory: fc.boolean(), rights }), {
      selector: (rule) => rule.path,
      maxLength: 6,
    }),
    ports: fc.uniqueArray(fc.record({ port: fc.nat({ max: 65535 }), rights }), {
      selector: (rule) => rule.port,
      maxLength: 6,
    }),
  }),
  seccomp: fc.record({
    filter: fc
      .uint8Array({ minLength: 1, maxLength: 9 })
      .map((bytes) => new Uint8Array(bytes.length * 8).fill(bytes[0] ?? 0)),
    flags: u32,
    listener: fc.boolean(),
  }),
  cgroup: fc.option(
    fc.record({
      anchor: path,
      programs: fc.array(
        fc.record({ attachType: u32, tag: fc.uint8Array({ minLength: 8, maxLength: 8 }) }),
        {
          minLength: 1,
          maxLength: 3,
        },
      ),
    }),
  ),
  inherit: fc.record({ stdio: fc.boolean(), stdioSockets: fc.boolean(), listen: fc.boolean() }),
  automaton: fc.uint8Array({ maxLength: 40 }),
  mediation,
});

/** One fixed plan, for tests that change single bytes of it. */
export function samplePlan(): Plan {
  return fc.sample(plans, { seed: 7, numRuns: 1 })[0] as Plan;
}
