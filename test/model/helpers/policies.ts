import fc from "fast-check";
import { type WordSection, wordKinds, wordSections } from "../../../src/kinds/model.ts";
import type { AddressRule, Network, Policy, SocketRule } from "../../../src/model/policy.ts";
import { nameRules } from "./arbitraries.ts";
import { policy, source } from "./policy.ts";

const effect = fc.constantFrom("allow" as const, "allow" as const, "deny" as const);
const line = fc.constant(source("generated"));

/** Few networks, inside each other, so that rules often meet. */
const network: fc.Arbitrary<Network | null> = fc.oneof(
  fc.constant(null),
  fc
    .tuple(
      fc.constantFrom([10, 0, 0, 1], [10, 128, 0, 0], [0, 0, 0, 0], [127, 0, 0, 1]),
      fc.constantFrom(0, 1, 8, 9, 32),
    )
    .map(([address, prefix]) => ({ family: 4 as const, address: masked(address, prefix), prefix })),
  fc.tuple(fc.constantFrom(0, 0x20), fc.constantFrom(0, 3, 8, 127, 128)).map(([first, prefix]) => ({
    family: 6 as const,
    address: masked([first, ...new Array<number>(15).fill(0)], prefix),
    prefix,
  })),
);

function masked(address: readonly number[], prefix: number): Uint8Array {
  return Uint8Array.from(
    address.map((byte, at) => byte & (0xff00 >> Math.min(8, Math.max(0, prefix - at * 8)))),
  );
}

const ports = fc
  .tuple(fc.constantFrom(0, 53, 80, 443), fc.constantFrom(0, 1, 30, 65_000))
  .map(([first, more]) => ({ first, last: Math.min(first + more, 65_535) }));

const addressRule: fc.Arbitrary<AddressRule> = fc.record({
  effect,
  operation: fc.constantFrom("connect" as const, "listen" as const),
  protocol: fc.constantFrom("tcp" as const, "udp" as const),
  network,
  ports,
  source: line,
});

const socketRule: fc.Arbitrary<SocketRule> = fc.record({
  effect,
  family: fc.constantFrom("netlink" as const, "raw" as const, "ping" as const),
  protocol: fc.constantFrom(null, 0, 1, 9),
  source: line,
});

const openWords: Readonly<Partial<Record<WordSection, readonly string[]>>> = {
  capabilities: ["chown", "kill", "sys_admin"],
  syscalls: ["read", "mount", "reboot"],
  signals: ["self", "any", "nginx", "superDom"],
};

const words = Object.fromEntries(
  wordSections.map((section) => {
    const known: readonly string[] = wordKinds[section].words ?? openWords[section] ?? [];
    const rule = fc.record({ effect, token: fc.constantFrom(...known), source: line });
    return [section, fc.array(rule, { maxLength: 3 })];
  }),
) as unknown as { readonly [S in WordSection]: fc.Arbitrary<Policy[S]> };

/** Policies with rules of every kind. */
export const policies: fc.Arbitrary<Policy> = fc
  .record({
    names: nameRules,
    addresses: fc.array(addressRule, { maxLength: 5 }),
    sockets: fc.array(socketRule, { maxLength: 4 }),
    ...words,
  })
  .map((rules) => policy(rules));

/** The second one has some of the first one's rules, and some of its own. */
export const alikePolicies = alike(policies);

/** As {@link alikePolicies}, with rules about UDP alone. */
export const udpPolicies = alike(
  fc
    .array(addressRule, { maxLength: 6 })
    .map((rules) =>
      policy({ addresses: rules.map((rule) => ({ ...rule, protocol: "udp" as const })) }),
    ),
);

function alike(any: fc.Arbitrary<Policy>): fc.Arbitrary<readonly [Policy, Policy]> {
  return fc.tuple(any, any, fc.infiniteStream(fc.nat(3))).map(([a, other, choices]) => {
    const some = <T>(these: readonly T[], those: readonly T[]): readonly T[] => [
      ...these.filter(() => choices.next().value !== 0),
      ...those.filter(() => choices.next().value === 0),
    ];
    const mixed = Object.entries(a).map(([key, value]) =>
      Array.isArray(value) ? [key, some(value, other[key as keyof Policy] as [])] : [key, value],
    );
    return [a, Object.fromEntries(mixed) as Policy];
  });
}
