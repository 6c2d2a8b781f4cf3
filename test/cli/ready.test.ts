import { rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { PRIVATE_FILE } from "../../src/base/modes.ts";
import { judge, type Looked } from "../../src/cli/ready/reasons.ts";
import { renderReadiness } from "../../src/cli/ready/render.ts";
import { grantId } from "../../src/domains/used-grants.ts";
import { loggedRequest } from "../../src/events/logged-request.ts";
import { type Evidence, gapKinds, type NeededOnce } from "../../src/host/evidence.ts";
import { parseProperties } from "../../src/host/units/unit.ts";
import { type UnitState, unitStateOf } from "../../src/host/units/unit-state.ts";
import type { Policy } from "../../src/model/policy.ts";
import type { Request } from "../../src/model/request.ts";
import { loadPolicy } from "../../src/policy/load.ts";
import { names } from "../model/helpers/policy.ts";
import { vocabulary } from "../policy/vocabulary.ts";
import { scratchFolder } from "../support/scratch.ts";

const DAY_S = 86_400;
const NOW = Date.parse("2026-02-01T12:00:00.000Z");
const policy = policyOf("files:\n  - r /etc/hostname\n  - deny r /srv/private/**\n");

function policyOf(text: string): Policy {
  const folder = scratchFolder("ready");
  const file = join(folder, "tool.yaml");
  writeFileSync(file, text, { mode: PRIVATE_FILE });
  const { policy: loaded } = loadPolicy(file, { vocabulary });
  rmSync(folder, { recursive: true });
  if (loaded === null) throw new Error("the test's policy is broken");
  return loaded;
}

const seen: Evidence = {
  since: "2026-01-30T12:00:00.000Z",
  begun: "level",
  policySince: "2026-01-30T12:00:00.000Z",
  starts: 2,
  lastStart: "2026-01-31T12:00:00.000Z",
  needs: [],
  gaps: [],
  usedSince: "2026-01-30T12:00:00.000Z",
  used: [],
  fresh: [],
};

function looked(more: Partial<Looked> = {}, evidence: Partial<Evidence> | null = {}): Looked {
  return {
    domain: "tool",
    level: "warning",
    until: null,
    shown: {
      name: "tool",
      digest: "1",
      evidence: evidence === null ? null : { ...seen, ...evidence },
      behind: false,
    },
    policy,
    isInForce: true,
    exceptions: 0,
    running: { following: 1, keeping: 0, inKernel: 0 },
    units: [],
    unseen: [],
    life: null,
    uses: { policy, includes: new Map(), capabilitiesSeen: true, life: null },
    least: DAY_S,
    now: NOW,
    ...more,
  };
}

function needed(request: Request | null, more: Partial<NeededOnce> = {}): NeededOnce {
  return {
    class: request?.class ?? "syscall",
    operation: "call",
    object: request === null ? "mount" : null,
    request: request === null ? null : loggedRequest(request),
    reason: "no-rule",
    count: 3,
    first: seen.since,
    last: seen.since,
    program: "/usr/bin/tool",
    ...more,
  };
}

const read = (path: string): Request => ({ class: "name", operation: "read", path });

const against = (what: Looked) =>
  judge(what)
    .reasons.filter(({ says }) => says === "not-yet" || says === "cannot-tell")
    .map(({ says, name }) => `${says} ${name}`);

test("a domain that ran for long enough, without an open warning, is ready", () => {
  const found = judge(looked({}, { needs: [needed(read("/etc/hostname"))] }));
  expect([found.verdict, found.denied]).toEqual(["ready", []]);
});

test("what the present policy does not grant is outstanding, whatever it was at the time", () => {
  const needs = [needed(read("/etc/hostname")), needed(read("/srv/x")), needed(null)];
  const found = judge(looked({}, { needs }));
  expect(found.verdict).toBe("not-yet");
  expect(found.denied).toMatchObject([
    { access: "read /srv/x", line: { section: "files", line: "r /srv/x" }, count: 3 },
    { access: "call mount", line: null },
  ]);
});

test("a record of another version, which cannot be decided, is outstanding", () => {
  const request = { class: "nobody-knows" };
  const odd = { ...needed(null), object: "x", request, help: "close it" };
  const found = judge(looked({}, { needs: [odd] }));
  expect(found.denied).toMatchObject([{ access: "call x", help: "close it" }]);
  expect(renderReadiness(found, 90)).toContain("close it");
});

test("what a deny rule refuses is told, and is no reason against", () => {
  const found = judge(looked({}, { needs: [needed(read("/srv/private/x"))] }));
  expect(found.verdict).toBe("ready");
  const rule = { line: 3, text: "deny r /srv/private/**" };
  expect(found.deniedOnPurpose).toMatchObject([{ access: "read /srv/private/x", rule }]);
  expect(renderReadiness(found, 200)).toMatch(
    /1 access denied on purpose by line 3 of \S+tool\.yaml \(deny r \/srv\/private\/\*\*\)/,
  );
});

test("what no rule is about is denied on purpose if `deny` rules show it to be", () => {
  const socket = { ...needed(null), class: "socket", operation: "create", object: "a unix socket" };
  const nscd = needed({ class: "name", operation: "connect", path: "/srv/nscd" });
  const other = needed({ class: "name", operation: "listen", path: "/srv/other" });
  const keyctl = { ...needed(null), object: "keyctl" };
  const denies = policyOf(
    "network: [deny connect unix /srv/nscd]\nsyscalls: ['@default', deny keyctl]\n",
  );
  const left = (of: Policy, ...needs: readonly NeededOnce[]) =>
    judge(looked({ policy: of }, { needs })).denied.map(({ access }) => access);
  expect(left(denies, socket, nscd, keyctl)).toEqual([]);
  expect(left(denies, socket, nscd, other)).toEqual([
    "listen unix /srv/other",
    "create a unix socket",
  ]);
  // Its uses are not known.
  expect(left(denies, socket)).toEqual(["create a unix socket"]);
  expect(left(policy, nscd, socket, keyctl)).toHaveLength(3);
  const grants = policyOf("network: [connect unix /srv/nscd]\n");
  const pair = { ...socket, object: "a pair of unix datagram sockets" };
  expect(left(grants, socket, nscd, pair)).toEqual([]);
  const listens = policyOf("network: [listen unix /srv/other]\n");
  expect(left(listens, socket, other, pair)).toEqual(["create a pair of unix datagram sockets"]);
});

/** A policy's own file includes the abstraction `names`, which stands beside it. */
const included = "/d/abstractions/names.yaml";
const from = (file: string, line: number, ...lines: readonly string[]) =>
  names(...lines).map((rule) => ({ ...rule, source: { ...rule.source, file, line } }));
const written = {
  ...policy,
  names: [
    ...from("/d/tool.yaml", 3, "r /a"),
    ...from("/d/tool.yaml", 4, "r /b", "r /c"),
    ...from("/d/tool.yaml", 5, "connect unix /run/x"),
    ...from(included, 2, "r /etc/passwd"),
    ...from(included, 3, "r /etc/group"),
  ],
};
const uses = {
  ...{ policy: written, capabilitiesSeen: true, life: null },
  includes: new Map([["names", [included]]]),
};
const idsOf = (...texts: readonly string[]) => texts.map((text) => grantId("names", text));
const shownUnused = (evidence: Partial<Evidence>, more: Partial<Looked> = {}) => {
  const found = judge(looked({ uses, ...more }, evidence));
  return { ...found, screen: renderReadiness(found, 200) };
};

test("grants that were never used are told by line, those of an abstraction together", () => {
  const { unused, screen, verdict } = shownUnused({ used: idsOf("r /b") });
  expect(verdict).toBe("ready");
  expect(unused).toMatchObject({
    state: "known",
    unused: [
      { line: 3, text: "r /a" },
      { line: 4, text: "r /c" },
      { abstraction: "names", text: "include: names" },
    ],
    unseen: 1,
    all: 5,
  });
  expect(screen).toContain("3 of 5 grants never used in 2d");
  expect(screen).toContain("line 4: r /c");
  const used = shownUnused({ used: idsOf("r /a", "r /b", "r /c", "r /etc/group") });
  expect(used.unused).toMatchObject({ unused: [] });
});

test("no grant is called unused that a start, or what was not seen, may need", () => {
  const used = idsOf("r /b");
  const why = (evidence: Partial<Evidence>, more: Partial<Looked> = {}) => {
    const { unused, screen } = shownUnused({ used, ...evidence }, more);
    expect(screen).not.toContain("line 3");
    return unused.state === "unknown" ? unused.why : "known";
  };
  expect(why({}, { running: { following: 1, keeping: 2, inKernel: 0 } })).toContain(
    "keeps the level",
  );
  const inKernel = { following: 0, keeping: 0, inKernel: 2 };
  expect(why({}, { running: inKernel })).toContain("does not mark");
  expect(why({ usedSince: null })).toContain("earlier version");
  expect(why({ usedSince: "2026-02-01T00:00:00.000Z" })).toContain("no start");
  expect(why({ used: [] })).toContain("no use at all");
  const failed = { kind: "failed", what: "", count: 1, last: seen.since } as const;
  expect(why({ gaps: [failed] })).toContain("failed");
  const added = { line: "r /a", since: seen.since, starts: 2 };
  const { unused } = shownUnused({ used, fresh: [added] });
  expect(unused).toMatchObject({ fresh: 1, unused: [{ text: "r /c" }, {}] });
  const before = shownUnused({ used, fresh: [{ ...added, starts: 1 }] });
  expect(before.unused).toMatchObject({ fresh: 0, unused: [{ text: "r /a" }, {}, {}] });
});

test("what was seen meanwhile, and what was not, stands beside the advice", () => {
  const never = { state: "known", count: 0, last: null } as const;
  const once = { state: "known", count: 1, last: seen.since } as const;
  const unknown = { state: "unknown", why: "no record" } as const;
  const life = { reloads: once, rotations: never, upgrades: unknown };
  const { screen } = shownUnused({ used: idsOf("r /b") }, { uses: { ...uses, life } });
  expect(screen).toContain("seen meanwhile: a start, reload");
  expect(screen).toContain("not seen, and may need them: rotation of logs, upgrade, any failure");
});

test("capabilities are unused only where their uses are recorded", () => {
  const rule = {
    effect: "allow",
    token: "chown",
    source: from("/d/tool.yaml", 9, "r /a")[0]?.source,
  };
  const capabilities = [rule] as unknown as Policy["capabilities"];
  const all = { ...uses, policy: { ...written, capabilities } };
  const used = idsOf("r /a", "r /b", "r /c", "r /etc/group");
  const shown = (capabilitiesSeen: boolean) =>
    shownUnused({ used }, { uses: { ...all, capabilitiesSeen } }).unused;
  expect(shown(true)).toMatchObject({ unused: [{ line: 9 }] });
  expect(shown(false)).toMatchObject({ unused: [], unseen: 2 });
  const gaps = [{ kind: "unseen", what: "", count: 1, last: seen.since }] as const;
  const { unused } = shownUnused({ used, gaps }, { uses: all });
  expect(unused).toMatchObject({ unused: [], unseen: 2 });
});

test("the rules by which a kind of socket may be made do not all go", () => {
  const listen = from("/d/tool.yaml", 3, "listen unix /run/a", "listen unix /run/b");
  const unix = { ...uses, policy: { ...written, names: listen } };
  expect(shownUnused({ used: idsOf("r /x") }, { uses: unix }).unused).toMatchObject({ unused: [] });
  const used = idsOf("listen unix /run/a");
  expect(shownUnused({ used }, { uses: unix }).unused).toMatchObject({
    unused: [{ text: "listen unix /run/b" }],
  });
});

test("each lack is a reason of its own", () => {
  const failed = { active: "failed", sub: "failed", result: "exit-code", restarts: 0 };
  const ended = { mainProcess: "exited with status 1", mainPid: null, started: null };
  const unit = { unit: "tool.service", ...failed, ...ended };
  const loop = { ...unit, active: "activating", sub: "auto-restart", hasJob: false };
  const cases: readonly (readonly [Looked, string])[] = [
    [looked({ least: 3 * DAY_S }), "not-yet time"],
    [looked({}, { starts: 0 }), "not-yet starts"],
    [looked({ isInForce: false }), "not-yet policy"],
    [looked({ exceptions: 1 }), "not-yet exceptions"],
    [looked({ units: [{ ...unit, hasJob: false }] }), "not-yet unit"],
    [looked({ units: [loop] }), "not-yet unit"],
    [looked({ level: "enforcing" }, null), "cannot-tell level"],
    [looked({ level: "disabled" }, null), "cannot-tell level"],
    [looked({}, null), "cannot-tell level"],
    [looked({ unseen: ["capabilities: no agent"] }), "cannot-tell unseen"],
    [looked({ shown: { ...looked().shown, behind: true } }), "cannot-tell behind"],
  ];
  for (const [what, expected] of cases) expect(against(what)).toEqual([expected]);
});

test("of what the kernel's engine holds, the start of its unit counts", () => {
  const started = (text: string): UnitState => {
    const shown = `ActiveState=active\nSubState=running\nActiveEnterTimestamp=${text}\n`;
    return unitStateOf("tool.service", parseProperties(shown));
  };
  const inKernel = { following: 0, keeping: 0, inKernel: 2 };
  const verdict = (text: string, running = inKernel) =>
    against(looked({ running, units: [started(text)] }, { starts: 0, lastStart: null }));
  const after = "Fri 2026-01-30 12:00:00.000001 UTC";
  expect(verdict(after)).toEqual([]);
  expect(verdict("Fri 2026-01-30 11:59:59.999999 UTC")).toEqual(["not-yet starts"]);
  expect(verdict("")).toEqual(["not-yet starts"]);
  expect(verdict(after, { ...inKernel, inKernel: 0 }), "it is outside").toEqual(["not-yet starts"]);
  expect(judge(looked({ running: inKernel })).reasons.map(({ name }) => name)).not.toContain(
    "running",
  );
});

test("every kind of gap forbids the verdict `ready`", () => {
  for (const kind of Object.keys(gapKinds) as (keyof typeof gapKinds)[]) {
    const gaps = [{ kind, what: "", count: 1, last: seen.since }];
    expect(judge(looked({}, { gaps })).verdict).toBe("cannot-tell");
    const needs = [needed(read("/srv/x"))];
    expect(judge(looked({}, { gaps, needs })).verdict).toBe("not-yet");
  }
});

test("a clock that was set back makes no time", () => {
  expect(against(looked({ now: 0 }))).toEqual(["not-yet time"]);
});

test("names that act on a terminal are shown, and nothing exceeds the width", () => {
  const hostile = "/srv/\n\x1b[2Jtool: ready\u202e\x9b\"'*";
  const gap = { kind: "failed", what: hostile, count: 1, last: seen.since } as const;
  const needs = [
    needed(read(hostile), { program: `[${hostile}]` }),
    needed(read("/srv/private/\n")),
    needed(null, { object: hostile, operation: "call" }),
  ];
  const found = judge(looked({ unseen: [hostile] }, { needs, gaps: [gap] }));
  const text = renderReadiness(found, 80);
  expect(text.replaceAll("\n", "")).not.toMatch(/[\p{Cc}\p{Cf}]/u);
  const lines = text.split("\n");
  expect(lines.filter((line) => /^tool: /.test(line))).toEqual(["tool: not yet"]);
  for (const line of lines) expect([...line].length).toBeLessThanOrEqual(80);
});
