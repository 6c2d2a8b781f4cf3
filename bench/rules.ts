import { hostSnapshot } from "../src/compile/host-snapshot.ts";
import { noWordRules } from "../src/kinds/model.ts";
import { walk } from "../src/model/automaton/automaton.ts";
import { encodeAutomaton } from "../src/model/automaton/binary.ts";
import { buildAutomaton } from "../src/model/automaton/build.ts";
import { decide } from "../src/model/decide.ts";
import { Permission } from "../src/model/permission.ts";
import type { NameRule, Policy } from "../src/model/policy.ts";
import { sealedView } from "../src/model/sealed-view.ts";
import type { Row } from "./table.ts";

const DECISIONS = 20_000;

/**
 * What the number of rules costs: building, a decision by automaton, a decision by the reference.
 */
export function ruleCosts(): Row[] {
  return [10, 100, 1_000, 10_000].map((count) => {
    const policy = policyOf(count);
    const [buildMs, automaton] = timed(() => buildAutomaton(policy.names));
    const [viewMs] = timed(() => sealedView(policy, hostSnapshot()));
    const name = new TextEncoder().encode(`/srv/site-${count - 1}/htdocs/deep/er/index.html`);
    const [walkMs] = timed(() => {
      for (let i = 0; i < DECISIONS; i++) walk(automaton, name);
    });
    const few = Math.max(20, Math.floor(DECISIONS / count));
    const [decideMs] = timed(() => {
      for (let i = 0; i < few; i++)
        decide(policy, {
          class: "name",
          operation: "read",
          path: `/srv/site-${i % count}/htdocs/index.html`,
        });
    });
    return {
      what: `${count} rules`,
      unit: "ms | ns",
      figures: {
        "build ms": buildMs,
        "view ms": viewMs,
        "table KiB": encodeAutomaton(automaton).length / 1024,
        "automaton ns": (walkMs * 1e6) / DECISIONS,
        "decide() ns": (decideMs * 1e6) / few,
      },
      note: "",
    };
  });
}

function policyOf(count: number): Policy {
  const names: NameRule[] = Array.from({ length: count }, (_, i) => {
    const pattern = `/srv/site-${i}/htdocs/**`;
    return {
      effect: "allow",
      permissions: Permission.read,
      pattern,
      source: { file: "bench", line: i + 1, column: 1, text: `r ${pattern}` },
    };
  });
  const empty = {
    entries: [],
    addresses: [],
    sockets: [],
    ...noWordRules,
    transitions: [],
    setUserId: [],
    coreDumps: "none" as const,
    lateNames: "sealed" as const,
    bestEffort: [],
  };
  return {
    name: "bench",
    summary: "",
    level: "enforcing",
    mediation: "sealed",
    user: null,
    group: null,
    names,
    ...empty,
  };
}

function timed<T>(work: () => T): [number, T] {
  const start = process.hrtime.bigint();
  const result = work();
  return [Number(process.hrtime.bigint() - start) / 1e6, result];
}
