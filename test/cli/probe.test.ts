import { spawnSync } from "node:child_process";
import { readdirSync, readFileSync, statSync } from "node:fs";
import { constants } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { outcomeOf } from "../../src/cli/probe/outcome.ts";
import type { Decision } from "../../src/model/verdict.ts";
import { root } from "../house/tree.ts";
import { needsRoot } from "../support/skip.ts";
import { PrivateHost } from "../system/private-host.ts";

const { EACCES, EPERM, EFAULT, ENOENT } = constants.errno;

describe("who refused an attempt", () => {
  const source = { file: "x.yaml", line: 1, column: 1, text: "r /x" };
  const granted: Decision = { outcome: "granted", by: source };
  const denied: Decision = { outcome: "denied", by: null, reason: "no-rule" };
  const request = { class: "name", operation: "read", path: "/x" } as const;
  const attempt = { what: "read /x", argument: "read /x", request };

  test.each([
    ["possible and granted", 0, 0, granted, { outcome: "possible", by: null, isGap: false }],
    ["reached, the arguments are bad", EFAULT, EFAULT, granted, { outcome: "possible" }],
    ["possible and not granted", 0, 0, denied, { outcome: "possible", isGap: true }],
    ["only inside", EACCES, 0, denied, { outcome: "refused", by: "Cofferdam" }],
    ["by a signal", 1031, EFAULT, denied, { outcome: "refused", by: "Cofferdam" }],
    [
      "everywhere",
      EACCES,
      EPERM,
      denied,
      { outcome: "refused", by: "ordinary permissions", isDeniedToo: true },
    ],
    [
      "everywhere, and granted",
      EACCES,
      EACCES,
      granted,
      { outcome: "refused", by: "ordinary permissions", isDeniedToo: false },
    ],
    ["not there, and hidden inside", EACCES, ENOENT, denied, { outcome: "absent", by: null }],
  ] as const)("%s", (_, inside, outside, decision, expected) => {
    expect(outcomeOf(attempt, inside, outside, decision)).toMatchObject(expected);
  });
});

describe("a probe of a domain", () => {
  let host: PrivateHost;
  beforeEach(async (context) => {
    needsRoot(context);
    host = await PrivateHost.start();
  });
  afterEach(async () => await host?.close());

  const base = 'summary: a test\ninclude: [base]\nsyscalls: ["@system-service"]\n';
  const probe = (...words: string[]) => {
    const [program = "", ...args] = [
      ...host.inside,
      join(root, "bin/cofferdam"),
      "probe",
      ...words,
    ];
    // A folder for temporary files that no other test uses.
    const env = { ...process.env, TMPDIR: host.folder };
    return spawnSync(program, args, { encoding: "utf8", env });
  };
  interface Attempted {
    readonly what: string;
    readonly outcome: string;
    readonly by: string | null;
    readonly rule: string | null;
    readonly gap: boolean;
  }
  const attempted = (domain: string): Record<string, Attempted> => {
    const { status, stdout, stderr } = probe(domain, "--json");
    expect(status, stderr).toBe(0);
    const { attempts } = JSON.parse(stdout) as { attempts: Attempted[] };
    return Object.fromEntries(attempts.map((one) => [one.what, one]));
  };

  test.each(["sealed", "supervised", "kernel"])(
    "%s: what is granted is possible, and nothing else",
    (how) => {
      host.policy(
        "probed",
        `${base}mediation: ${how}\nfiles: [r /etc/shadow]\nnetwork: [listen tcp 4444]\n`,
      );
      const found = attempted("probed");
      const possible = Object.values(found).filter(({ outcome }) => outcome === "possible");
      expect(possible.map(({ what, rule }) => [what, rule])).toEqual([
        ["read /etc/shadow", "r /etc/shadow"],
        ["take another port (tcp 4444)", "listen tcp 4444"],
      ]);
      for (const what of [
        ...["write /etc/passwd", "make a file in /usr/bin", "make a file in /tmp", "start /bin/sh"],
        ...["connect to this host (tcp 9)", "open a raw socket", "call mount", "call bpf"],
        ...["execute memory that it wrote", "have sys_admin", "trace a process outside"],
        ...["signal a process outside", "enter a user namespace of its own"],
      ])
        expect(found[what], what).toMatchObject({ outcome: "refused", by: "Cofferdam" });
    },
  );

  test("what ordinary permissions refuse is told apart", () => {
    host.policy("probed", `${base}user: nobody\nfiles: [r /etc/shadow]\n`);
    const found = attempted("probed");
    expect(found["read /etc/shadow"]).toMatchObject({
      outcome: "refused",
      by: "ordinary permissions",
      deniedToo: false,
    });
    expect(found["write /etc/passwd"]).toMatchObject({
      by: "ordinary permissions",
      deniedToo: true,
    });
    expect(found["make a file in /tmp"]).toMatchObject({ by: "Cofferdam" });
  });

  test("it changes nothing, logs nothing as the domain's, and leaves nothing behind", () => {
    host.policy("probed", base);
    const state = () => ({
      files: ["/etc/passwd", "/etc/ld.so.cache", "/usr/bin/env"].map((path) => {
        const { mtimeMs, ctimeMs, size } = statSync(path);
        return [path, mtimeMs, ctimeMs, size];
      }),
      folders: ["/etc", "/usr/bin", "/etc/cron.d"].map((folder) => readdirSync(folder)),
      policy: readFileSync(host.at("etc/domains/probed.yaml"), "utf8"),
    });
    const before = state();
    const { status, stdout, stderr } = probe("probed");
    expect(status, stderr).toBe(0);
    expect(stdout).toMatch(/^probed: of \d+ attempts 0 are possible/);
    expect(stdout.split("\n").filter((line) => line.length > 80)).toEqual([]);
    expect(state()).toEqual(before);
    const domains = new Set(host.events().map(({ domain }) => domain));
    expect([...domains]).toEqual(["probe.probed"]);
    expect(readdirSync(host.at("run")).filter((name) => name.startsWith("probe-"))).toEqual([]);
    expect(
      readdirSync(join(host.at("run"), "plans")).filter((name) => name.endsWith(".plan")),
    ).toEqual([]);
    expect(readdirSync(host.folder).filter((name) => name.startsWith("cofferdam-probe-"))).toEqual(
      [],
    );
  });

  test("a domain that cannot start is said to be so, and leaves nothing behind", () => {
    host.policy("probed", "files: [r /etc/hosts]\nuser: nobody-of-that-name\n");
    const { status, stderr } = probe("probed");
    expect(status).toBe(3);
    expect(stderr).toContain("nobody-of-that-name");
    expect(readdirSync(host.at("run")).filter((name) => name.startsWith("probe-"))).toEqual([]);
  });
});
