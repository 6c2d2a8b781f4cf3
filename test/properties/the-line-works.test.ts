import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import fc from "fast-check";
import { beforeAll, describe, expect, test } from "vitest";
import { PUBLIC_FILE } from "../../src/base/modes.ts";
import { requestOfEvent } from "../../src/cli/explain/request-of-event.ts";
import { canonicalNames } from "../../src/compile/canonical-names.ts";
import { deniedRequests } from "../../src/events/collector/denied-requests.ts";
import type { Event } from "../../src/events/event.ts";
import { isEvent } from "../../src/events/event-shape.ts";
import { load, vocabulary } from "../../src/host/load.ts";
import { places } from "../../src/host/places.ts";
import { neverGranted } from "../../src/kinds/syscalls/model.ts";
import { explain } from "../../src/mediate/report/explain.ts";
import { decide } from "../../src/model/decide.ts";
import { bytesOfName, nameOfBytes } from "../../src/model/name-bytes.ts";
import { escapeName } from "../../src/model/pattern.ts";
import { Permission, type PermissionName } from "../../src/model/permission.ts";
import { levels, mediations, type Policy } from "../../src/model/policy.ts";
import type { Request } from "../../src/model/request.ts";
import { checkErrors } from "../../src/policy/3-check/check.ts";
import { type AddedLine, addLines } from "../../src/policy/add-lines.ts";
import { loadPolicy } from "../../src/policy/load.ts";
import { printPolicy } from "../../src/policy/print.ts";
import { anEvent } from "../events/an-event.ts";
import { root } from "../house/tree.ts";
import { anyRequest } from "../model/helpers/any-request.ts";
import { name } from "../model/helpers/arbitraries.ts";
import { memorySnapshot } from "../model/helpers/memory-snapshot.ts";
import { policies } from "../model/helpers/policies.ts";
import { requests } from "../model/helpers/requests.ts";
import { policyText } from "../policy/generators.ts";
import { scratchFolder } from "../support/scratch.ts";

/** Of Cofferdam on the test's host. */
const own = ["/opt/cofferdam", "/a/ab"];
const kept = ["/etc/cofferdam/domains/web.yaml", "/b/a"];
/** Leads elsewhere, so that nobody is asked about a name below it. */
const LINK = "/ab";
const snapshot = memorySnapshot({
  "/a/b": "directory",
  "/b/ab": "file",
  [LINK]: "-> /a",
  "/etc/nginx": "directory",
});

/** A policy's file and the way to load another text of it. */
interface Written {
  readonly text: string;
  readonly policy: Policy;
  readonly load: (text: string) => Policy | null;
}

let file = "";
beforeAll(() => {
  file = join(scratchFolder("the-line-works"), "web.yaml");
  writeFileSync(file, "", { mode: PUBLIC_FILE });
});

function written(text: string, loading = (text: string) => loadGenerated(text)): Written {
  const policy = loading(text);
  if (policy === null) throw new Error(`a generated policy does not load:\n${text}`);
  return { text, policy, load: loading };
}

function loadGenerated(text: string): Policy | null {
  return loadPolicy(file, { vocabulary: vocabulary(), text }).policy;
}

/** As an engine holds it: links resolved, Cofferdam's own places denied. null: too large. */
function held(policy: Policy): Policy | null {
  const names = canonicalNames(policy, snapshot, own, kept);
  return "problems" in names ? null : names.policy;
}

function errorsOf(policy: Policy): readonly string[] {
  const context = {
    snapshot,
    kept,
    ownObjects: own.flatMap((path) => [escapeName(path), `${escapeName(path)}/**`]),
    neverGranted: neverGranted.map((one) => one.name),
  };
  return checkErrors(policy, context).map(({ code, message }) => `${code} ${message}`);
}

/** Rules of few letters, which often meet each other and the requests. */
const meetingText = fc
  .tuple(policies, fc.constantFrom(...levels), fc.constantFrom(...mediations))
  .map(([policy, level, mediation]) =>
    printPolicy({
      ...policy,
      ...{ name: "web", level, mediation, syscalls: [] },
      names: policy.names.map((rule) =>
        rule.pattern.startsWith("@") ? { ...rule, permissions: Permission.connect } : rule,
      ),
      signals: policy.signals.filter(({ token }) => token !== "superDom"),
    }),
  );

const piece = fc.oneof(
  fc.constantFrom(
    ...["a", "b", " ", "\n", "\t", '"', "'", "`", "#", ": ", "- ", "$", "${", "${x}", "}"],
    ...["*", "**", "?", "[", "]", "{a,b}", ",", "\\", "\\x", "!", "|", ">", "&", "%", "@", "deny "],
    ...["\u00a0", "\u2003", "\u3000", "\u2028", "\u202e", "\ufeff", "\x1b[2J", "\x7f", "é", "😀"],
  ),
  fc
    .uint8Array({ minLength: 1, maxLength: 3 })
    .map((bytes) => nameOfBytes(bytes.map((byte) => (byte === 0 || byte === 0x2f ? 0xff : byte)))),
);
const hostileComponent = fc
  .array(piece, { minLength: 1, maxLength: 5 })
  .map((pieces) => pieces.join(""))
  .filter((text) => text !== "." && text !== "..");
const long = fc
  .tuple(fc.constantFrom("a", "*", "\n", "😀", "\udcff"), fc.integer({ min: 900, max: 4_200 }))
  .map(([sign, count]) => sign.repeat(count));
const hostileName = fc
  .tuple(
    fc.constantFrom("/", "/a/", "/srv/", "/proc/1/", "/proc/12/task/13/", "@", "@/"),
    fc.oneof({ weight: 9, arbitrary: hostileComponent }, { weight: 1, arbitrary: long }),
  )
  // Bytes side by side may be a character.
  .map(([start, rest]) => nameOfBytes(bytesOfName(start + rest)));
const askedName = fc.oneof(name, name, hostileName);

/** Requests of every kind, many of them for names that are hard to write. */
const asked: fc.Arbitrary<Request> = fc.oneof(
  anyRequest,
  ...Object.values(requests),
  fc.record({
    class: fc.constant("name" as const),
    operation: fc.constantFrom(...(Object.keys(Permission) as PermissionName[])),
    path: askedName,
  }),
  fc.record({
    class: fc.constant("two-names" as const),
    operation: fc.constantFrom("rename" as const, "link" as const),
    from: askedName,
    to: askedName,
    directory: fc.boolean(),
    replaces: fc.boolean(),
  }),
  fc.record({
    class: fc.constant("socket" as const),
    family: fc.constantFrom("netlink" as const, "raw" as const),
    protocol: fc.constantFrom(255, 256, 262, 99_999),
  }),
  fc.record({
    class: fc.constant("syscall" as const),
    name: fc.constantFrom(...vocabulary().syscalls),
  }),
  fc.record({
    class: fc.constant("capability" as const),
    name: fc.constantFrom("chown", "of_a_newer_kernel"),
  }),
  fc.record({
    class: fc.constant("address" as const),
    operation: fc.constant("connect" as const),
    protocol: fc.constant("udp" as const),
    address: fc.uint8Array({ minLength: 4, maxLength: 4 }),
    port: fc.nat(65_535),
    answersFrom: fc.record({ address: fc.constant(new Uint8Array(4)), port: fc.nat(65_535) }),
  }),
);

const refusalOf = (request: Request) => ({
  class: request.class,
  operation: "x",
  object: "x",
  reason: "no-rule" as const,
  request,
});

/** The event of a refusal, as a later program reads it from the log. */
function logged(policy: Policy, request: Request): Event {
  const record: unknown = JSON.parse(
    JSON.stringify(anEvent({ domain: "web", ...explain(policy, refusalOf(request)) })),
  );
  if (!isEvent(record)) throw new Error("no event");
  expect(requestOfEvent(record)).toEqual({ kind: "request", request });
  return record;
}

/** What came of the events' lines. */
interface Tally {
  lines: number;
  readonly classes: Set<string>;
  readonly reasons: Set<string>;
}

function judge(one: Written, request: Request, tally: Tally): void {
  const before = held(one.policy);
  if (before === null || goesThroughLink(request)) return;
  const decision = decide(before, request);
  if (decision.outcome === "granted") return;
  const { allow, help, reason } = logged(before, request);
  if (allow === null) {
    // It belongs to Cofferdam: the reason itself says it.
    if (reason !== "own-object") expect(help, JSON.stringify(request)).toBeTruthy();
    return;
  }
  const what = `${JSON.stringify(request)}: ${allow.section}: - ${JSON.stringify(allow.line)}`;
  const after = one.load(addLines(one.text, [allow as AddedLine]));
  if (after === null) throw new Error(`does not load: ${what}`);
  expect(
    errorsOf(after).filter((error) => !errorsOf(one.policy).includes(error)),
    what,
  ).toEqual([]);
  const heldAfter = held(after);
  if (heldAfter === null) throw new Error(`no engine can hold it: ${what}`);
  expect(decide(heldAfter, request), what).toMatchObject({ outcome: "granted" });
  tally.lines += 1;
  tally.classes.add(request.class);
  tally.reasons.add(`${reason}`);
  for (const other of othersThan(request))
    if (decide(before, other).outcome === "denied")
      expect(decide(heldAfter, other).outcome, `${what} grants ${JSON.stringify(other)}`).toBe(
        "denied",
      );
}

/** Requests for names that a wrong quotation would grant, too. */
function othersThan(request: Request): readonly Request[] {
  if (request.class !== "name" || /^\/proc\/\d/.test(request.path)) return [];
  const { path } = request;
  const names = [
    ...[`${path}x`, `${path}/x`, path.slice(0, -1), path.slice(0, path.lastIndexOf("/"))],
    ...[path.replace(/\s/u, "x"), path.replace(/[*?[\]{}\\$]/u, "x"), path.split(/\s/u)[0] ?? ""],
  ];
  return names
    .filter((other) => other !== path)
    .map((other) => ({ class: "name", operation: request.operation, path: other }));
}

function goesThroughLink(request: Request): boolean {
  const paths =
    request.class === "name"
      ? [request.path]
      : request.class === "two-names"
        ? [request.from, request.to]
        : [];
  return paths.some((path) => path === LINK || path.startsWith(`${LINK}/`));
}

const everyClass = Object.keys(requests);

describe("the line that would allow it is accepted by check, and works when pasted", () => {
  const rows: readonly (readonly [string, number, () => fc.Arbitrary<Written>])[] = [
    ["policies whose rules meet the requests", 100, () => meetingText.map((text) => written(text))],
    ["policies with every section", 60, () => policyText.map((text) => written(text))],
    ["the shipped policies", 40, () => fc.constantFrom(...shipped).map(shippedPolicy)],
  ];
  test.each(rows)("%s", (_, numRuns, arbitrary) => {
    const tally: Tally = { lines: 0, classes: new Set(), reasons: new Set() };
    const some = fc.array(asked, { minLength: 8, maxLength: 8 });
    fc.assert(
      fc.property(arbitrary(), some, (one, requests) => {
        for (const request of requests) judge(one, request, tally);
      }),
      { numRuns: Number(process.env.COFFERDAM_LINES ?? numRuns) },
    );
    expect(tally.lines).toBeGreaterThan(3 * numRuns);
    expect(tally.classes.size).toBeGreaterThan(everyClass.length - 3);
    expect([...tally.reasons]).toContain("no-rule");
  });

  /** What is proposed with these lines under `files`, or why nothing is. */
  function proposed(files: string, request: Request): string | undefined {
    const one = written(`files: [${files}]\n`);
    judge(one, request, { lines: 0, classes: new Set(), reasons: new Set() });
    const { allow, help } = logged(one.policy, request);
    return allow?.line ?? help;
  }

  test("a rename that would gain, by example", () => {
    const rename = (directory: boolean): Request => ({
      ...{ class: "two-names", operation: "rename", from: "/srv/new", to: "/srv/data" },
      ...{ directory, replaces: true },
    });
    const file = rename(false);
    expect(proposed("rw /srv/data", file)).toBe("rwcd /srv/new /srv/data");
    expect(proposed("rwcd /srv/data, cd /srv/new", file)).toBe("rw /srv/new");
    const denied = "rwcd /srv/data, cd /srv/new, deny w /srv/new";
    expect(proposed(denied, file)).toContain("the old name needs what the new one has");
    const folder = rename(true);
    expect(proposed("cd /srv/**, r /srv/data/**", folder)).toBe("r /srv/new /srv/new/**");
    expect(proposed("r /srv/data/**", folder)).toContain("no single line");
  });

  test("what a rule denies in part, by example", () => {
    const execute: Request = { class: "name", operation: "execute", path: "/srv/tool" };
    expect(proposed("r /srv/**", execute)).toBe("rx /srv/tool");
    expect(proposed("deny r /srv/tool", execute)).toContain("deny beats allow");
    const rename: Request = {
      ...{ class: "two-names", operation: "rename", from: "/srv/tool", to: "/srv/x" },
      ...{ directory: false, replaces: false },
    };
    expect(proposed("deny d /srv/tool", rename)).toContain("deny beats allow");
  });
});

const shipped = ["nginx", "redis-server", "memcached", "dnsmasq", "mosquitto", "postgres", "sshd"];
const shippedPolicies = new Map<string, Written>();

function shippedPolicy(domain: string): Written {
  const known = shippedPolicies.get(domain);
  if (known !== undefined) return known;
  const here = places({ uid: 1000, env: { HOME: "/nonexistent" }, home: root });
  const text = readFileSync(join(here.shipped, `${domain}.yaml`), "utf8");
  const made = written(text, (text) => load(here, { name: domain }, {}, { text }).policy);
  shippedPolicies.set(domain, made);
  return made;
}

test("what the kernel reports only by its directory gets a line for all names in it", () => {
  let lines = 0;
  fc.assert(
    fc.property(
      meetingText,
      askedName,
      fc.constantFrom("make_reg", "remove_file"),
      (text, path, blocker) => {
        if (!path.startsWith("/") || path.startsWith(LINK)) return;
        const one = written(text);
        const before = held(one.policy);
        if (before === null) return;
        const denial = { path, blockers: [`fs.${blocker}`] } as never;
        const [event] = deniedRequests(denial, before);
        if (event === undefined || event.allow === null) return;
        const after = one.load(addLines(one.text, [event.allow as AddedLine]));
        const operation = event.operation as PermissionName;
        const request: Request = {
          class: "name",
          operation,
          path: `${path === "/" ? "" : path}/new`,
        };
        const ofAll = after === null ? null : held(after);
        if (ofAll === null) throw new Error(`does not load: ${event.allow.line}`);
        // Another rule may deny just this name.
        const decision = decide(ofAll, request);
        if (decision.outcome === "denied") expect(decision.reason).not.toBe("no-rule");
        lines += 1;
      },
    ),
    { numRuns: 300 },
  );
  expect(lines).toBeGreaterThan(100);
});
