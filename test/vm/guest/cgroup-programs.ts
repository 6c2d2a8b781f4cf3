/**
 * Tests for the virtual machine: the verifier of its kernel accepts every program that a domain of
 * root may have. One that it refused would be missed by no test of what is decided, since the
 * mediator of a supervised domain decides the same.
 */
import { expect, test } from "vitest";
import { programsFor } from "../../../src/compile/cgroup/programs.ts";
import { Arena } from "../../cgroup/arena.ts";
import { addressRule, connectUnix, policyOf } from "../../cgroup/policies.ts";

const policy = policyOf({
  addresses: [addressRule("connect udp 127.0.0.1:9"), addressRule("listen udp *:53")],
  names: [connectUnix("/run/some/*.sock")],
});

for (const judged of ["sockets", "sockets-and-names", "destinations"] as const)
  test(`${judged}: every program is attached`, async () => {
    const arena = new Arena();
    try {
      const control = { level: "enforcing", number: 1, generation: 1, table: 1 } as const;
      const plan = await arena.prepare(policy, { judged, control });
      expect(plan.programs).toHaveLength(programsFor(judged, policy.addresses).length);
    } finally {
      arena.remove();
    }
  });
