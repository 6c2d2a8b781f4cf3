import { describe, expect, test } from "vitest";
import type { CgroupSource } from "../../src/events/collector/cgroup-source.ts";
import { Collector } from "../../src/events/collector/collector.ts";
import { deniedRequests } from "../../src/events/collector/denied-requests.ts";
import { KernelDenials, type Run } from "../../src/events/collector/kernel-denials.ts";
import type { KernelSource } from "../../src/events/collector/kernel-source.ts";
import { Lines } from "../../src/events/collector/lines.ts";
import type { Sink } from "../../src/events/collector/sink.ts";
import type { Event } from "../../src/events/event.ts";
import { LINE_BYTES_MAX } from "../../src/events/limits.ts";
import type { Denial } from "../../src/kernel/audit/landlock-record.ts";
import { parseRecord } from "../../src/kernel/audit/record.ts";
import { names, policy } from "../model/helpers/policy.ts";

function denial(changes: Partial<Denial>): Denial {
  return {
    kind: "denial",
    landlockDomain: "a",
    blockers: [],
    path: null,
    address: null,
    port: null,
    other: null,
    ...changes,
  };
}

test.each([
  [denial({ blockers: ["fs.read_file"], path: "/a" }), "read", "/a", "files: r /a"],
  [denial({ blockers: ["fs.read_dir"], path: "/a" }), "read", "/a", "files: r /a"],
  [denial({ blockers: ["fs.truncate"], path: "/a" }), "write", "/a", "files: w /a"],
  [denial({ blockers: ["fs.make_reg"], path: "/a" }), "create", "/a/?", "files: c /a/*"],
  [denial({ blockers: ["fs.remove_file"], path: "/" }), "delete", "/?", "files: d /*"],
  [
    denial({ blockers: ["fs.ioctl_dev"], path: "/dev/tty" }),
    "ioctl",
    "/dev/tty",
    "files: i /dev/tty",
  ],
  [denial({ blockers: ["fs.change_topology"], path: "/a" }), "mount", "/a", null],
  [denial({ blockers: ["net.bind_tcp"], port: 80 }), "listen", "tcp 80", "network: listen tcp 80"],
  [
    denial({ blockers: ["net.connect_tcp"], address: "::1", port: 80 }),
    "connect",
    "tcp [::1]:80",
    "network: connect tcp [::1]:80",
  ],
  [
    denial({ blockers: ["scope.abstract_unix_socket"], path: "\0x" }),
    "connect",
    "@x",
    "network: connect unix @x",
  ],
  [denial({ blockers: ["ptrace"], other: { pid: 1, comm: "init" } }), "trace", "init[1]", null],
  [denial({ blockers: ["fs.of_the_future"], path: "/a" }), "fs.of_the_future", "/a", null],
])("%j is told as %s of %s", (denied, operation, object, allow) => {
  const [told, ...more] = deniedRequests(denied, null);
  expect(more).toEqual([]);
  expect(told).toMatchObject({ operation, object });
  expect(told?.allow == null ? null : `${told.allow.section}: ${told.allow.line}`).toBe(allow);
});

test("opening for reading and writing is two operations, reading is one", () => {
  const operations = (blockers: string[]) =>
    deniedRequests(denial({ blockers, path: "/a" }), null).map((told) => told.operation);
  expect(operations(["fs.read_file", "fs.write_file"])).toEqual(["read", "write"]);
  expect(operations(["fs.read_file", "fs.read_dir"])).toEqual(["read"]);
});

describe("with the policy of the run's start", () => {
  const written = policy({
    name: "web",
    names: names("r /srv/**", "deny r /srv/secret", "deny rwcd /srv/private/**", "wc /srv/spool/*"),
  });
  const told = (blockers: string[], path: string) =>
    deniedRequests(denial({ blockers, path }), written)[0];

  test.each([
    ["fs.read_file", "/srv/secret", "deny r /srv/secret"],
    ["fs.write_file", "/srv/private/key", "deny rwcd /srv/private/**"],
    ["fs.make_reg", "/srv/private", "deny rwcd /srv/private/**"],
    ["fs.remove_file", "/srv/private", "deny rwcd /srv/private/**"],
  ])("%s of %s: the rule that denies it is told, and no grant is proposed", (by, path, rule) => {
    expect(told([by], path)).toMatchObject({
      rule,
      reason: "rule",
      allow: null,
      help: expect.stringContaining("deny beats allow"),
    });
  });

  test("what no rule names gets the line that grants it, as before", () => {
    expect(told(["fs.write_file"], "/srv/a")).toMatchObject({
      ...{ rule: null, reason: "no-rule", allow: { section: "files", line: "w /srv/a" } },
    });
    expect(told(["fs.remove_file"], "/srv/spool")).toMatchObject({
      ...{ reason: "no-rule", allow: { section: "files", line: "d /srv/spool/*" } },
    });
  });

  test("what the policy grants and the start lacked needs a restart, and no line", () => {
    for (const [by, path] of [
      ["fs.read_file", "/srv/late"],
      ["fs.make_reg", "/srv/spool"],
    ] as const)
      expect(told([by], path)).toMatchObject({
        ...{ rule: null, reason: null, allow: null },
        help: expect.stringContaining("cofferdam domain restart web"),
      });
  });
});

/** The denials of a run with process 7 as launcher and /plan as sentinel. */
function played(
  records: readonly [type: number, text: string][],
  launcher: number | null = 7,
  attended = false,
) {
  const events: Event[] = [];
  const denials = new KernelDenials(
    {
      ...{ number: 49, level: "enforcing", domain: "web", policy: policy(), sentinel: "/plan" },
      ...{ launcher, attended },
    },
    (event) => events.push(event),
  );
  records.forEach(([type, text], index) => {
    const record = parseRecord(type, `audit(1.000:${text}`);
    if (record !== null) denials.add(record, index);
  });
  denials.expire(0, true);
  return { denials, objects: events.map((event) => event.object) };
}

const sentinel = (domain: string, serial: number): [number, string] => [
  1423,
  `${serial}): domain=${domain} blockers=fs.write_file path="/plan"`,
];
const announced = (domain: string, serial: number, pid: number): [number, string] => [
  1424,
  `${serial}): domain=${domain} status=allocated mode=enforcing pid=${pid} uid=0 exe="/x" comm="x"`,
];
const read = (domain: string, serial: number, path: string): [number, string] => [
  1423,
  `${serial}): domain=${domain} blockers=fs.read_file path="${path}"`,
];

test("a domain is ours only if sentinel and launcher both fit", () => {
  const ours = [sentinel("a", 1), announced("a", 1, 7), read("a", 2, "/mine")] as const;
  const sameplan = [sentinel("b", 3), announced("b", 3, 8), read("b", 4, "/theirs")] as const;
  const stranger = [read("c", 5, "/x"), announced("c", 5, 7)] as const;
  expect(played([...sameplan, ...ours, ...stranger]).objects).toEqual(["/mine"]);
  expect(played(sameplan).denials.landlockDomain).toBeNull();
});

test("if a front waits, the first process that touches the sentinel is the launcher", () => {
  const forged = [
    sentinel("evil", 3),
    announced("evil", 3, 9),
    read("evil", 4, "/forged"),
  ] as const;
  const { objects } = played(
    [sentinel("a", 1), announced("a", 1, 8), read("a", 2, "/mine"), ...forged],
    7,
    true,
  );
  expect(objects).toEqual(["/mine"]);
});

test("the launcher's touch of the sentinel is no event, a later one by the daemon is", () => {
  const { objects } = played([sentinel("a", 1), announced("a", 1, 7), sentinel("a", 2)]);
  expect(objects).toEqual(["/plan"]);
});

test("a process that touches the sentinel from its own domain takes nothing over", () => {
  const forged = [
    sentinel("evil", 3),
    announced("evil", 3, 7),
    read("evil", 4, "/forged"),
  ] as const;
  expect(played([sentinel("a", 1), announced("a", 1, 7), ...forged]).objects).toEqual([]);
});

test("the system call record tells the launcher where the announcement was lost", () => {
  const { objects } = played([
    sentinel("a", 1),
    [1300, "1): syscall=257 pid=7 uid=0"],
    read("a", 2, "/mine"),
  ]);
  expect(objects).toEqual(["/mine"]);
});

test("denials that the kernel counted and that never came are missed", () => {
  const end: [number, string] = [1424, "9): domain=a status=deallocated denials=5"];
  const { denials } = played([sentinel("a", 1), announced("a", 1, 7), read("a", 2, "/x"), end]);
  expect(denials.ended).toBe(true);
  expect(denials.missed).toBe(3);
});

test("a run whose first record never came says what that means and what helps", async () => {
  const told: string[] = [];
  const sink = { write: ({ object }: Event) => void told.push(object), failure: () => null };
  const kernel = {
    state: "reading",
    run: () => Promise.resolve(),
    stop: () => undefined,
    lost: () => 0,
  };
  const run = { domain: "web", number: 1, level: "enforcing", launcher: 1, sentinel: "/plan" };
  const collector = new Collector(
    run as unknown as Run,
    sink as unknown as Sink,
    kernel as unknown as KernelSource,
    { state: "none" } as unknown as CgroupSource,
  );
  await collector.collect();
  expect(told).toHaveLength(1);
  expect(told[0]).not.toContain("sentinel");
  expect(told[0]).toMatch(/never came, so none of them is here; try again/);
});

test("lines come out whole; an endless one is dropped and counted", () => {
  const out: string[] = [];
  const lines = new Lines((line) => out.push(line));
  for (const chunk of ["on", "e\ntwo\nth", "ree\n"]) lines.add(Buffer.from(chunk));
  lines.add(Buffer.alloc(LINE_BYTES_MAX + 1, "x"));
  lines.add(Buffer.from("tail of it\nfour\n"));
  expect(out).toEqual(["one", "two", "three", "four"]);
  expect(lines.dropped).toBe(1);
});
