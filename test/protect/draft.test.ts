import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import fc from "fast-check";
import { beforeAll, describe, expect, test } from "vitest";
import { PUBLIC_FILE, PUBLIC_FOLDER } from "../../src/base/modes.ts";
import { unprintable } from "../../src/base/printable.ts";
import { vocabulary } from "../../src/host/load.ts";
import { decide } from "../../src/model/decide.ts";
import type { PermissionName } from "../../src/model/permission.ts";
import type { Policy } from "../../src/model/policy.ts";
import type { Request } from "../../src/model/request.ts";
import { coveredRules } from "../../src/policy/3-check/covered.ts";
import { loadPolicy } from "../../src/policy/load.ts";
import { type Draft, draft } from "../../src/protect/draft.ts";
import { type Evidence, ofFile, ofFolder } from "../../src/protect/evidence.ts";
import { lacksOf } from "../../src/protect/lacks.ts";
import type { Need } from "../../src/suggest/need.ts";
import type { SuggestHost } from "../../src/suggest/suggestions.ts";
import { anyRequest } from "../model/helpers/any-request.ts";
import { scratchFolder } from "../support/scratch.ts";

const folder = scratchFolder("draft", { mode: PUBLIC_FOLDER });
/** It is never written: a draft is loaded by its text alone. */
const file = join(folder, "web.yaml");
beforeAll(() => {
  mkdirSync(join(folder, "abstractions"));
  const base = "summary: base\nfiles: [rm /usr/lib/x86_64-linux-gnu/**]\n";
  writeFileSync(join(folder, "abstractions/base.yaml"), base, { mode: PUBLIC_FILE });
});

const load = (text: string) => loadPolicy(file, { vocabulary: vocabulary(), text }).policy;

function hostWith(names: readonly string[] = [], others: readonly Policy[] = []): SuggestHost {
  return {
    tree: {
      exists: (path) => names.includes(path),
      isSetUserId: () => false,
      below: (above) => names.filter((path) => path.startsWith(`${above}/`)),
    },
    abstractions: [],
    groups: vocabulary().groups,
    others,
    load,
  };
}

const head = {
  name: "web",
  target: "web.service",
  summary: "a web server",
  entries: [{ line: "{ unit: web.service }", why: "the unit" }],
};
const unit = (why: string) => ({ why, witness: "unit" }) as const;
const base: Evidence = { section: "include", line: "base", ...unit("every program") };

function drafted(evidence: readonly Evidence[], needs: readonly Need[] = [], host = hostWith()) {
  const made = draft(head, evidence, needs, host);
  if (made === null) throw new Error("nothing was drafted");
  return made;
}

const need = (request: Request, pid = 812): Need => ({
  ...{ request, count: 1, first: "", last: "", programs: ["/usr/sbin/web"], pids: [pid] },
});
const ask = (operation: PermissionName, path: string): Request => ({
  class: "name",
  operation,
  path,
});
const isAllowed = ({ policy }: Draft, operation: PermissionName, path: string) =>
  decide(policy, ask(operation, path)).outcome === "granted";

test("each line has its evidence beside it, or above it if both are too long", () => {
  const { text, policy } = drafted([
    base,
    { section: "user", line: "www-data", ...unit("User= of web.service") },
    ofFile("rx", "/usr/sbin/web", unit("ExecStart= of web.service")),
    ofFolder("rwcd", "/var/lib/web", unit(`StateDirectory= of ${"long-".repeat(12)}.service`)),
    { section: "capabilities", line: "net_bind_service", ...unit("AmbientCapabilities=") },
  ]);
  expect(text).toContain("\nlevel: warning # grants and logs what no line grants\n");
  expect(text).toContain("\nenter:\n  - { unit: web.service } # the unit\n");
  expect(text).toContain("\nuser: www-data # User= of web.service\n");
  expect(text).toContain("  - rx /usr/sbin/web # ExecStart= of web.service\n");
  expect(text).toMatch(/\n {2}# StateDirectory= of\n {2}# \S+\n {2}- rwcd \/var\/lib\/web\/\*\*\n/);
  for (const line of text.split("\n")) expect(line.length, line).toBeLessThanOrEqual(80);
  expect(policy).toMatchObject({ level: "warning", user: "www-data" });
  expect(policy.entries).toEqual([{ kind: "unit", unit: "web.service" }]);
});

test("a summary that is cut loads, whatever character it is cut at", () => {
  const summary = `${"x".repeat(99)}\u{1f980} and more`;
  expect(draft({ ...head, summary }, [base], [], hostWith())?.policy.summary).toMatch(
    /x\u{1f980}$/u,
  );
});

test("what several say is one line, and what a folder or an abstraction grants is none", () => {
  const { lines } = drafted(
    [
      base,
      ofFile("r", "/etc/web.conf", unit("an argument")),
      ofFile("rw", "/etc/web.conf", unit("another")),
      ofFolder("r", "/usr/share/web", unit("the package")),
      ofFolder("r", "/usr/share/web/pages", unit("the configuration")),
      ofFile("r", "/usr/share/web/pages/a", unit("the configuration")),
      ofFile("w", "/usr/share/web/pages/b", unit("the configuration")),
      ofFile("rm", "/usr/lib/x86_64-linux-gnu/libc.so.6", unit("a library")),
    ],
    [],
    hostWith(),
  );
  expect(lines.map(({ line, why }) => [line, why])).toEqual([
    ["base", "every program"],
    ["r /etc/web.conf", "an argument; another"],
    ["rw /etc/web.conf", "an argument; another"],
    ["r /usr/share/web/**", "the package"],
    ["w /usr/share/web/pages/b", "the configuration"],
  ]);
});

test("no line covers another, also if a process uses more of a folder than the unit names", () => {
  const names = ["a", "b", "c", "d", "e", "f"].map((name) => `/srv/web/${name}`);
  const { lines, policy } = drafted(
    [
      base,
      ofFile("r", "/srv/web/old", unit("an argument")),
      ofFile("r", "/srv/other", unit("an argument")),
    ],
    names.flatMap((path) => [need(ask("read", path)), need(ask("write", path))]),
    hostWith([...names, "/srv/other"]),
  );
  expect(coveredRules(policy)).toEqual([]);
  expect(lines.map(({ line }) => line)).toEqual(["base", "r /srv/other", "rw /srv/web/**"]);
});

describe("what a break-in would like is a comment with its reason", () => {
  const dangerous = [
    ofFile("r", "/etc/shadow", unit("an argument")),
    ofFile("rw", "/dev/kvm", unit("ReadWritePaths=")),
    ofFolder("r", "/home", unit("an argument")),
    ofFile("rx", "/usr/bin/dash", unit("an argument")),
    { section: "capabilities", line: "sys_admin", ...unit("CapabilityBoundingSet=") },
    { section: "network", line: "connect unix /run/docker.sock", ...unit("an argument") },
    {
      ...{ section: "memory", line: "jit", program: "/tmp/node" },
      ...unit("/tmp/node compiles"),
    },
  ] as const satisfies readonly Evidence[];

  test.each(dangerous)("$section: $line", (one) => {
    const { text, lines, policy } = drafted([base, one]);
    expect(lines.at(-1)?.dangers.length).toBeGreaterThan(0);
    expect(text).toContain(`# ${one.section}:\n  # careful: `);
    expect(text).toContain(`\n  # - ${one.line}\n`);
    const bare = drafted([base]).policy;
    const { names, capabilities, memory } = policy;
    expect({ names, capabilities, memory }).toEqual({
      names: bare.names,
      capabilities: bare.capabilities,
      memory: bare.memory,
    });
    // Without the marks it is granted.
    expect(load(text.replaceAll(/^( *)# (?=- |\w+:$)/gm, "$1"))).not.toBeNull();
  });

  test("a folder is judged by what is in it", () => {
    const host = hostWith(["/etc/web/server.key"]);
    const own = ofFolder("r", "/etc/web", { why: "a folder of the package", witness: "package" });
    expect(isAllowed(drafted([base, own]), "read", "/etc/web/a")).toBe(true);
    const judged = drafted([base, own], [], host);
    expect(isAllowed(judged, "read", "/etc/web/a")).toBe(false);
    expect(judged.text).toContain("careful: its name says that it is a secret key");
  });

  test("a program that the unit names is granted, with the warning beside it", () => {
    const shell = { ...ofFile("rx", "/usr/bin/dash", unit("ExecStart=")), isProgram: true };
    const made = drafted([base, shell]);
    expect(isAllowed(made, "execute", "/usr/bin/dash")).toBe(true);
    expect(made.text).toContain("careful: a shell runs whatever a break-in tells it; ExecStart=");
  });

  test("a program that is also to be written: the program is granted, writing it is not", () => {
    const rx = { ...ofFile("rx", "/opt/web/server", unit("ExecStart=")), isProgram: true };
    const rw = ofFile("rw", "/opt/web/server", unit("ReadWritePaths="));
    const made = drafted([base, rx, rw]);
    expect(isAllowed(made, "execute", "/opt/web/server")).toBe(true);
    expect(isAllowed(made, "write", "/opt/web/server")).toBe(false);
  });

  test("a folder that is to be read and changed: reading it is granted, changing it is not", () => {
    const both = [
      ofFolder("r", "/etc/web", unit("the package's")),
      ofFolder("rwcd", "/etc/web", unit("ReadWritePaths=")),
    ];
    const made = drafted([base, ...both]);
    const { text } = made;
    expect(text).toContain("\n  - r /etc/web/** # the package's; ReadWritePaths=\n");
    expect(text).toContain("  # - rwcd /etc/web/**\n");
    expect(isAllowed(made, "read", "/etc/web/web.conf")).toBe(true);
    expect(isAllowed(made, "write", "/etc/web/web.conf")).toBe(false);
  });

  test("what a process only says of itself", () => {
    const words = { ...ofFile("r", "/srv/data", unit("an argument")), doubt: "its own" };
    expect(isAllowed(drafted([base, words]), "read", "/srv/data")).toBe(false);
  });
});

describe("running processes", () => {
  test("what they do is marked as theirs, and what a break-in would like stays a comment", () => {
    const made = drafted(
      [base],
      [
        need(ask("read", "/srv/data")),
        need(ask("write", "/srv/data")),
        need(ask("read", "/etc/shadow")),
        need(ask("map", "/opt/web/plugin.so")),
        need({
          ...{ class: "address", operation: "listen", protocol: "tcp", port: 8080 },
          address: Uint8Array.of(0, 0, 0, 0),
        }),
      ],
    );
    expect(made.text).toContain("  - rw /srv/data # process 812 has it open\n");
    expect(made.text).toContain("  - m /opt/web/plugin.so # process 812 maps it as code\n");
    expect(made.text).toContain("  - listen tcp 8080 # process 812 listens there\n");
    expect(isAllowed(made, "write", "/srv/data")).toBe(true);
    expect(isAllowed(made, "read", "/etc/shadow")).toBe(false);
    expect(made.lines.filter(({ witness }) => witness === "process").length).toBe(4);
  });

  test("a name is granted alone, whatever is written in it", () => {
    const names = [
      "/srv/a\n  - rw /etc/shadow # x",
      "/srv/** # y",
      '/srv/"quoted": {a}',
      "/srv/\u202egnp.exe",
      `/srv/bytes${String.fromCharCode(0xdcff)}`,
      "/srv/*",
    ];
    for (const path of names) {
      const made = drafted([base], [need(ask("read", path))]);
      expect(isAllowed(made, "read", path), path).toBe(true);
      for (const other of ["/etc/shadow", "/srv/a", "/srv/other", "/srv/bytes"])
        expect(isAllowed(made, "read", other), path).toBe(false);
      expect(made.text.replaceAll("\n", "").search(unprintable)).toBe(-1);
    }
  });

  test("however much one does, the lines are few enough to be read", () => {
    const needs = Array.from({ length: 300 }, (_, at) => need(ask("read", `/srv/${at}x/data`)));
    const { lines, left } = drafted([base], needs);
    expect(lines.length).toBe(101);
    expect(left).toBe(200);
  });

  test("whatever it asked for, the draft loads", () => {
    fc.assert(
      fc.property(fc.array(anyRequest, { maxLength: 12 }), (requests) => {
        expect(
          load(
            drafted(
              [base],
              requests.map((one) => need(one)),
            ).text,
          ),
        ).not.toBeNull();
      }),
      { numRuns: 60 },
    );
  });
});

test("evidence that no policy can hold is left out, and the rest stays", () => {
  const { lines } = drafted([
    base,
    ofFile("r", `/srv/${"x".repeat(70_000)}`, unit("an argument")),
    ofFile("r", "/srv/data", unit("an argument")),
  ]);
  expect(lines.map(({ line }) => line)).toEqual(["base", "r /srv/data"]);
});

test("of an existing policy only what this host has beyond it is told", () => {
  const text = "files: [rx /usr/sbin/web, rwcd /var/lib/web/**]\nnetwork: [listen tcp 80]\n";
  const policy = load(text) as Policy;
  const listen = (port: number): Request => ({
    ...{ class: "address", operation: "listen", protocol: "tcp", port },
    address: Uint8Array.of(0, 0, 0, 0),
  });
  const { lines, left } = lacksOf(
    text,
    policy,
    [
      base,
      ofFile("rx", "/usr/sbin/web", unit("ExecStart=")),
      ofFolder("rwcd", "/var/lib/web", unit("StateDirectory=")),
      ofFolder("rwcd", "/srv/web", unit("ReadWritePaths=")),
      ofFolder("r", "/usr/share/web", { why: "a folder", witness: "package" }),
    ],
    [need(listen(80)), need(listen(8080))],
    hostWith(),
  );
  expect(lines.map(({ section, line }) => `${section}: ${line}`)).toEqual([
    "files: rwcd /srv/web/**",
    "network: listen tcp 8080",
  ]);
  expect(left).toBe(0);
});

test("of an existing policy, too, lines of processes beyond the limit are counted", () => {
  const text = "include: [base]\n";
  const ports = Array.from({ length: 120 }, (_, at) => 2_000 + 2 * at);
  const needs = ports.map((port) =>
    need({
      ...{ class: "address", operation: "listen", protocol: "tcp", port },
      address: Uint8Array.of(0, 0, 0, 0),
    }),
  );
  const { lines, left } = lacksOf(text, load(text) as Policy, [], needs, hostWith());
  expect([lines.length, left]).toEqual([100, 20]);
});
