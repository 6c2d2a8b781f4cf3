import fc from "fast-check";
import { afterAll, expect, test } from "vitest";
import { compile } from "../../../src/compile/compile.ts";
import { featureNames } from "../../../src/kernel/host-facts.ts";
import { walk } from "../../../src/model/automaton/automaton.ts";
import { decodeAutomaton } from "../../../src/model/automaton/binary.ts";
import { bytesOfName } from "../../../src/model/name-bytes.ts";
import { Permission } from "../../../src/model/permission.ts";
import { encodePlan } from "../../../src/plan/encode.ts";
import type { Plan } from "../../../src/plan/plan.ts";
import { address, host, nameRule, options, planOf, policy, token, tree } from "./fixtures.ts";

const { root, drop } = tree([
  "a/b/c",
  "a/b/d",
  "a/e",
  "f/g",
  "f/h/i",
  "l -> a",
  "f/m -> ../a/e",
  "o -> o",
]);
afterAll(drop);

const runs = { numRuns: 120 };
const letters = fc
  .subarray(["r", "w", "c", "d", "x", "m", "a", "i"], { minLength: 1 })
  .map((chosen) => chosen.join(""));
const place = fc.constantFrom(
  "**",
  "*",
  "a",
  "a/**",
  "a/b/**",
  "a/b/c",
  "a/*/c",
  "f/**",
  "f/h/**",
  "l/**",
  "l",
  "f/m",
  "o",
  "{a,f}/**",
  "none/x",
  "a/[a-b]/?",
);
const effect = fc.constantFrom("", "deny ");
const name = fc
  .tuple(effect, letters, place)
  .map(([deny, what, where]) => nameRule(`${deny}${what} ${root}/${where}`));
const socket = fc
  .tuple(
    effect,
    fc.constantFrom("connect", "listen"),
    fc.constantFrom(`${root}/f/s`, `${root}/a/**`, "@x", "@*"),
  )
  .map(([deny, what, where]) => nameRule(`${deny}${what} unix ${where}`));
const port = fc.integer({ min: 0, max: 65535 });
const network = fc.constantFrom(null, {
  family: 4,
  address: Uint8Array.of(10, 0, 0, 0),
  prefix: 8,
} as const);
const addressRule = fc
  .tuple(
    fc.constantFrom("connect" as const, "listen" as const),
    fc.constantFrom("tcp" as const, "udp" as const),
    port,
    port,
    network,
    fc.constantFrom("allow" as const, "deny" as const),
  )
  .map(([operation, protocol, a, b, net, how]) => ({
    ...address(operation, protocol, Math.min(a, b), Math.max(a, b)),
    network: net,
    effect: how,
  }));
const call = fc.constantFrom(
  "open",
  "openat",
  "socket",
  "chroot",
  "mount",
  "kill",
  "shmget",
  "memfd_create",
  "clone3",
  "bind",
);
const calls = fc.array(
  fc
    .tuple(call, fc.constantFrom("allow" as const, "deny" as const))
    .map(([what, how]) => token(what, how)),
  { maxLength: 8 },
);
const written = fc.record({
  names: fc.array(fc.oneof(name, socket), { maxLength: 8 }),
  addresses: fc.array(addressRule, { maxLength: 4 }),
  syscalls: calls,
  ipc: fc
    .subarray(["shm", "sem", "msg", "mqueue"] as const)
    .map((kinds) => kinds.map((kind) => token(kind))),
  memory: fc.subarray(["jit", "memfd"] as const).map((kinds) => kinds.map((kind) => token(kind))),
  inherit: fc
    .subarray(["stdio", "stdio-sockets", "listen"] as const)
    .map((kinds) => kinds.map((kind) => token(kind))),
  signals: fc.constantFrom([token("self")], [token("any")], [token("self"), token("other")]),
  capabilities: fc
    .subarray(["chown", "sys_chroot", "net_bind_service"])
    .map((names) => names.map((each) => token(each))),
  level: fc.constantFrom("enforcing" as const, "warning" as const, "disabled" as const),
  mediation: fc.constantFrom("sealed" as const, "supervised" as const),
});
const sealed = written.map((rules) => ({
  ...policy(),
  ...rules,
  level: "enforcing" as const,
  mediation: "sealed" as const,
}));

test("no policy and no host crashes the compiler, and what it makes can be encoded", async () => {
  await fc.assert(
    fc.asyncProperty(
      written,
      fc.subarray([...featureNames]),
      fc.integer({ min: 0, max: 9 }),
      async (rules, missing, landlockAbi) => {
        const facts = host(missing, { landlockAbi });
        const { plan, diagnostics } = await compile({ ...policy(), ...rules }, options({ facts }));
        expect(plan === null).toBe(diagnostics.some(({ severity }) => severity === "error"));
        if (plan !== null) encodePlan(plan);
      },
    ),
    runs,
  );
});

test("same policy and same host facts give the same plan, byte for byte", async () => {
  await fc.assert(
    fc.asyncProperty(sealed, async (rules) => {
      const [first, second] = [encodePlan(await planOf(rules)), encodePlan(await planOf(rules))];
      expect(Buffer.compare(first, second)).toBe(0);
    }),
    runs,
  );
});

/** A plan without the texts for people, which name rules in the order they were written. */
function effects({ landlock, seccomp, automaton, identity, mediation }: Plan) {
  return {
    landlock,
    seccomp,
    automaton,
    identity,
    sockets: mediation.sockets,
    kernelCreates: mediation.kernelCreates,
  };
}

test("order and duplicates of rules never matter", async () => {
  await fc.assert(
    fc.asyncProperty(sealed, async (rules) => {
      const turned = {
        ...rules,
        names: [...rules.names].reverse().flatMap((rule) => [rule, rule]),
        addresses: [...rules.addresses].reverse(),
        syscalls: [...rules.syscalls, ...rules.syscalls].reverse(),
      };
      expect(effects(await planOf(turned))).toEqual(effects(await planOf(rules)));
    }),
    runs,
  );
});

/**
 * LANDLOCK_ACCESS_FS_* that the layer gives at a path: rules on it and on every directory above.
 */
function rightsAt({ landlock }: Plan, path: string): bigint {
  return (landlock?.paths ?? [])
    .filter(
      (rule) =>
        rule.path === path ||
        (rule.directory && (rule.path === "/" || path.startsWith(`${rule.path}/`))),
    )
    .reduce((sum, { rights }) => sum | rights, 0n);
}

/**
 * Refer goes to the largest group of like directories, so it may come where another group lost it;
 * Landlock compares rights itself.
 */
const REFER = 1n << 13n;
const REMOVES = 0b11_0000n;
const MAKES = 0b1_1111_1100_0000n;

/**
 * What the policy gives at a directory besides: names there may be made and removed by the broker.
 * A narrower policy may leave them to Landlock, once all names below are alike.
 */
function brokeredAt({ automaton }: Plan, path: string): bigint {
  const decoded = decodeAutomaton(automaton);
  const below = decoded.uniform(walk(decoded, bytesOfName(`${path}/`)));
  return (
    ((below & Permission.create) !== 0 ? MAKES : 0n) |
    ((below & Permission.delete) !== 0 ? REMOVES : 0n)
  );
}

function followedBy({ mediation }: Plan): readonly string[] {
  return mediation.report.resolved.map(({ written }) => written);
}

test("narrowing a policy never allows more", async () => {
  await fc.assert(
    fc.asyncProperty(
      sealed,
      fc.array(name, { maxLength: 3 }),
      calls,
      fc.nat(),
      async (rules, more, fewerCalls, which) => {
        const denies = more.map((rule) => ({ ...rule, effect: "deny" as const }));
        const narrow = {
          ...rules,
          names: [
            ...rules.names.filter(
              ({ effect: how }, at) => how === "deny" || at !== which % (rules.names.length + 1),
            ),
            ...denies,
          ],
          syscalls: [
            ...rules.syscalls,
            ...fewerCalls.map(({ token: what }) => token(what, "deny")),
          ],
        };
        const [wide, less] = [await planOf(rules), await planOf(narrow)];
        // The one exception, documented in docs/properties.md: a link that the domain may make is
        // not followed. Once it may not make it any more, the grant through it counts, as the
        // policy's text says.
        fc.pre(followedBy(less).every((written) => followedBy(wide).includes(written)));
        for (const { path, rights } of less.landlock?.paths ?? []) {
          expect(rights & ~REFER & ~rightsAt(wide, path) & ~brokeredAt(wide, path)).toBe(0n);
        }
      },
    ),
    runs,
  );
});
