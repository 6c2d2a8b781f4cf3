import { expect, test } from "vitest";
import { Ending } from "../../src/mediate/domain/ending.ts";
import type { Generation } from "../../src/mediate/domain/generation.ts";
import { grantedCapabilities } from "../../src/mediate/domain/granted-capabilities.ts";
import { GrantIndex } from "../../src/mediate/domain/used-grants.ts";
import { buildAutomaton } from "../../src/model/automaton/build.ts";
import { uptimeNow } from "../../src/plan/outdated.ts";
import type { Plan } from "../../src/plan/plan.ts";
import { names, policy } from "../model/helpers/policy.ts";

test("exceptions that ended while no call came are taken out together", () => {
  const [stays, ...end] = names("r /srv/a", "r /srv/b", "r /srv/c", "r /srv/d");
  const now = uptimeNow();
  const ends = [now - 10_000, now - 5_000, now + 3_600_000];
  const rules = [
    ...(stays === undefined ? [] : [stays]),
    ...end.map((rule, at) => ({ ...rule, source: { ...rule.source, until: ends[at] ?? 0 } })),
  ];
  const whole = policy({ names: rules });
  const generation: Generation = {
    ...{ plan: {} as Plan, policy: whole, automaton: buildAutomaton(rules) },
    ...{ listed: new Set<string>(), denied: new Set<string>(), until: ends[0] ?? 0 },
    ...{ capabilities: grantedCapabilities(whole), index: new GrantIndex(whole) },
  };
  const ending = new Ending();
  const left = ending.of(generation);
  expect(left.policy.names.map(({ pattern }) => pattern)).toEqual(["/srv/a", "/srv/d"]);
  expect(ending.of(left)).toBe(left);
});
