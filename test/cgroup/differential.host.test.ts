import fc from "fast-check";
import { afterAll, beforeAll, beforeEach, expect, test } from "vitest";
import { decide } from "../../src/model/decide.ts";
import { parseAddress } from "../../src/model/network.ts";
import type { AddressRule } from "../../src/model/policy.ts";
import type { AddressRequest } from "../../src/model/request.ts";
import { Arena, arenaMissing, needsArena } from "./arena.ts";
import { addressRule, policyOf } from "./policies.ts";

const POLICIES = 60;
const REQUESTS_PER_POLICY = 60;

let arena: Arena;
let program: string;

beforeAll(() => {
  if (arenaMissing() !== null) return;
  arena = new Arena();
  program = arena.compile("probe");
});
afterAll(() => arena?.remove());
beforeEach(needsArena);

/** Addresses that stay on this host. */
const loopback4 = fc
  .tuple(fc.constantFrom(0, 1, 128), fc.constantFrom(0, 1, 64), fc.constantFrom(1, 2, 129))
  .map((rest) => `127.${rest.join(".")}`);
const address = fc.oneof(
  loopback4,
  fc.constant("::1"),
  loopback4.map((four) => `::ffff:${four}`),
);
const network = fc.oneof(
  fc.constant("*"),
  fc.tuple(loopback4, fc.integer({ min: 0, max: 32 })).map(([four, prefix]) => `${four}/${prefix}`),
  fc.constantFrom(0, 1, 64, 127, 128).map((prefix) => `[::1/${prefix}]`),
);
/** High enough for root and users alike; nothing of this host is expected to listen there. */
const port = fc.integer({ min: 61_001, max: 61_012 });
const rule: fc.Arbitrary<AddressRule> = fc
  .tuple(
    fc.constantFrom("", "", "deny "),
    fc.constantFrom("connect", "listen"),
    fc.constantFrom("tcp", "udp"),
    network,
    port,
    port,
  )
  .map(([deny, operation, protocol, network, a, b]) =>
    addressRule(`${deny}${operation} ${protocol} ${network}:${Math.min(a, b)}-${Math.max(a, b)}`),
  );
const request = fc.record({
  verb: fc.constantFrom("connect", "send", "fastopen", "bind"),
  protocol: fc.constantFrom("tcp" as const, "udp" as const),
  address,
  port,
});
type Probe = typeof request extends fc.Arbitrary<infer T> ? T : never;

/** TCP has no addressed send and UDP no fast open: these become what the socket has. */
function lineOf({ verb, protocol, address, port }: Probe): string {
  const fitting =
    protocol === "udp" && verb === "fastopen"
      ? "send"
      : protocol === "tcp" && verb === "send"
        ? "connect"
        : verb;
  return `${fitting} ${protocol} ${address} ${port}`;
}

function asked({ verb, protocol, address, port }: Probe): AddressRequest {
  const operation = verb === "bind" ? "listen" : "connect";
  return { class: "address", operation, protocol, address: parseAddress(address)!, port };
}

test("the kernel answers as decide() does", async () => {
  const seen = { granted: 0, denied: 0 };
  await fc.assert(
    fc.asyncProperty(
      fc.array(rule, { minLength: 1, maxLength: 10 }),
      fc.array(request, { minLength: REQUESTS_PER_POLICY, maxLength: REQUESTS_PER_POLICY }),
      async (addresses, probes) => {
        const policy = policyOf({ addresses });
        const plan = await arena.prepare(policy, { idleAnchorsMax: 0 });
        const said = arena.probe(program, plan, probes.map(lineOf));
        for (const [i, probe] of probes.entries()) {
          const expected = decide(policy, asked(probe)).outcome;
          seen[expected]++;
          expect(`${lineOf(probe)}: ${said[i] === "EACCES" ? "denied" : "granted"}`).toBe(
            `${lineOf(probe)}: ${expected}`,
          );
        }
      },
    ),
    { numRuns: POLICIES },
  );
  expect(Math.min(seen.granted, seen.denied)).toBeGreaterThan(
    (POLICIES * REQUESTS_PER_POLICY) / 20,
  );
});
