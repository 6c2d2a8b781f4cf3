import { mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import fc from "fast-check";
import { afterEach, beforeEach, expect, test } from "vitest";
import { USED_FILES_MAX } from "../../src/agent/evidence/limits.ts";
import { MarkedGrants } from "../../src/agent/evidence/marked-grants.ts";
import { grantId, grantsOf, usedGrants } from "../../src/domains/used-grants.ts";
import { Grants } from "../../src/mediate/domain/grants.ts";
import { GrantIndex, UsedGrants } from "../../src/mediate/domain/used-grants.ts";
import { spelled } from "../../src/mediate/sys/sys.ts";
import { buildAutomaton } from "../../src/model/automaton/build.ts";
import { decide } from "../../src/model/decide.ts";
import { allPermissions, Permission, type PermissionName } from "../../src/model/permission.ts";
import type { NameRule, Policy } from "../../src/model/policy.ts";
import type { Request } from "../../src/model/request.ts";
import type { Plan } from "../../src/plan/plan.ts";
import { name, nameRules } from "../model/helpers/arbitraries.ts";
import { names, policy, source } from "../model/helpers/policy.ts";
import { scratchFolder } from "../support/scratch.ts";

let folder: string;
let opened: UsedGrants[];
beforeEach(() => {
  folder = scratchFolder("used-grants");
  opened = [];
});
afterEach(() => {
  for (const one of opened) one.close();
  rmSync(folder, { recursive: true });
});

function open(of: Policy): UsedGrants {
  const used = UsedGrants.open(folder, 7, new GrantIndex(of));
  if (used === null) throw new Error("the folder is there");
  opened.push(used);
  return used;
}

const started = { mediation: { kernelCreates: [] }, landlock: null } as unknown as Plan;

function grantsWith(of: Policy, used: UsedGrants): Grants {
  return new Grants(buildAutomaton(of.names), started, null, used);
}

/** What the agent reads, as texts of rules. */
function marked(of: Policy): readonly string[] {
  const ids = new MarkedGrants(folder).read().get(7) ?? new Set();
  const all = grantsOf(of).filter(({ id }) => ids.has(id));
  return [...new Set(all.map((one) => one.source.text))];
}

test("each rule that grants what a call needs of a name is used, and no other", () => {
  const of = policy({
    names: names(
      "r /a/**",
      "rw /a/b",
      "w /a/*",
      "x /a/b",
      "r /b/**",
      "deny r /c",
      "listen unix @x",
    ),
  });
  const grants = grantsWith(of, open(of));
  grants.of("/a/b", Permission.read);
  expect(marked(of)).toEqual(["r /a/**", "rw /a/b"]);
  grants.of("/a/c", Permission.write);
  grants.of("/c", Permission.read);
  grants.of("/b/x", 0);
  expect(marked(of)).toEqual(["r /a/**", "rw /a/b", "w /a/*"]);
  grants.of("@x", Permission.listen);
  expect(marked(of)).toContain("listen unix @x");
});

test("marks that the agent takes back are made again by the next call", () => {
  const of = policy({ names: names("r /a/**") });
  const grants = grantsWith(of, open(of));
  for (let round = 0; round < 3; round++) {
    grants.of("/a/b", Permission.read);
    expect(marked(of)).toEqual(["r /a/**"]);
    new MarkedGrants(folder).reset(7);
    expect(marked(of)).toEqual([]);
  }
});

test("mediators of one policy share the marks; a changed line has none", () => {
  const [first, second] = [
    policy({ names: names("r /a", "r /b") }),
    policy({ names: names("r /b") }),
  ];
  grantsWith(first, open(first)).of("/a", Permission.read);
  grantsWith(first, open({ ...first })).of("/b", Permission.read);
  expect(readdirSync(folder)).toHaveLength(1);
  expect(marked(first)).toEqual(["r /a", "r /b"]);
  open(second);
  expect(readdirSync(folder)).toHaveLength(2);
  expect(marked(policy({ names: names("r /b", "r /c") }))).toEqual(["r /b"]);
});

test("a rule that decide() names is used; one that ends by itself is not told of", () => {
  const lasting = { effect: "allow", token: "shm", source: source("shm") } as const;
  const exception = { ...lasting, token: "sem", source: { ...source("sem"), until: 1 } } as const;
  const of = policy({ ipc: [lasting, exception] });
  const used = open(of);
  expect(grantsOf(of).map(({ id }) => id)).toEqual([grantId("ipc", "shm")]);
  for (const rule of of.ipc) used.rule(rule.source);
  expect(marked(of)).toEqual(["shm"]);
});

test("granted capabilities are asked for until they were used", () => {
  const rule = { effect: "allow", token: "chown", source: source("chown") } as const;
  const of = policy({ capabilities: [rule] });
  const used = open(of);
  expect(used.unusedCapabilities).toBe(1n);
  used.rule(rule.source);
  expect(used.unusedCapabilities).toBe(0n);
});

test("there is nothing to mark where no agent has made the folder", () => {
  expect(UsedGrants.open(join(folder, "none"), 7, new GrantIndex(policy()))).toBeNull();
});

test("a file of another length is refused, and one of another form tells nothing", () => {
  const of = policy({ names: names("r /a") });
  open(of);
  const [file = ""] = readdirSync(folder);
  writeFileSync(join(folder, file), "short");
  expect(() => UsedGrants.open(folder, 7, new GrantIndex(of))).toThrow("another length");
  expect(usedGrants(readFileSync(join(folder, file)))).toBeNull();
  expect(new MarkedGrants(folder).read().get(7)).toEqual(new Set());
  opened = [];
});

test("the files of earlier policies are few", () => {
  for (let at = 0; at < USED_FILES_MAX + 5; at++) open(policy({ names: names(`r /${at}`) }));
  mkdirSync(join(folder, "other"));
  const kept = new MarkedGrants(folder);
  kept.prune();
  expect(readdirSync(folder)).toHaveLength(USED_FILES_MAX + 1);
  const last = policy({ names: names(`r /${USED_FILES_MAX + 4}`) });
  grantsWith(last, open(last)).of(`/${USED_FILES_MAX + 4}`, Permission.read);
  expect(kept.read().get(7)?.size).toBe(1);
});

const operation = fc.constantFrom(...(Object.keys(Permission) as PermissionName[]));
const renamed = name.filter((one) => one.startsWith("/") && one !== "/");
const request: fc.Arbitrary<Request> = fc.oneof(
  fc.record({ class: fc.constant("name" as const), operation, path: name }),
  fc.record({
    class: fc.constant("two-names" as const),
    operation: fc.constant("rename" as const),
    from: renamed,
    to: renamed,
    directory: fc.boolean(),
    replaces: fc.boolean(),
  }),
);

/** As the mediator asks (`calls/files/`). */
function ask(grants: Grants, asked: Request): void {
  if (asked.class === "name") grants.of(spelled(asked.path), Permission[asked.operation]);
  if (asked.class !== "two-names") return;
  const [from, to] = [spelled(asked.from), spelled(asked.to)];
  grants.of(from, Permission.delete);
  grants.of(to, Permission.create);
  if (asked.replaces) grants.of(to, Permission.delete);
  grants.gained(from, to, asked.directory);
  if (!asked.directory) return;
  grants.below(to, Permission.create);
  grants.below(from, Permission.delete);
}

test("without the grants that were never used, everything seen is granted still", () => {
  const distinct = nameRules.map((rules) =>
    rules.map((rule, at): NameRule => ({ ...rule, source: source(`rule ${at}`, at + 1) })),
  );
  fc.assert(
    fc.property(distinct, fc.array(request, { maxLength: 8 }), (rules, requests) => {
      const of = policy({ names: rules });
      const used = UsedGrants.open(folder, 7, new GrantIndex(of));
      if (used === null) throw new Error("the folder is there");
      new MarkedGrants(folder).reset(7);
      const grants = grantsWith(of, used);
      for (const one of requests) ask(grants, one);
      used.close();
      const kept = new Set(marked(of));
      const narrower = policy({
        names: rules.filter((rule) => rule.effect === "deny" || kept.has(rule.source.text)),
      });
      for (const one of requests) {
        if (decide(of, one).outcome === "granted")
          expect(decide(narrower, one), JSON.stringify(one)).toMatchObject({ outcome: "granted" });
      }
    }),
    { numRuns: 300 },
  );
});

test("more patterns at one place than are compared count as used, rather than unused", () => {
  const of = policy({ names: names(...Array.from({ length: 200 }, (_, at) => `r /a/${at}*x`)) });
  grantsWith(of, open(of)).of("/a/199yx", allPermissions);
  expect(marked(of)).toContain("r /a/199*x");
});
