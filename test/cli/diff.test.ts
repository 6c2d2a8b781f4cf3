import { mkdirSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { PUBLIC_FILE } from "../../src/base/modes.ts";
import { Caller } from "./command-line.ts";

let caller = new Caller();

beforeEach(() => {
  caller = new Caller();
});

afterEach(() => {
  caller.remove();
});

/** A policy file in the caller's folder. */
function written(name: string, text: string): string {
  const file = join(caller.folder, name);
  mkdirSync(dirname(file), { recursive: true });
  writeFileSync(file, text, { mode: PUBLIC_FILE });
  return file;
}

/** A sealed domain does not have the names of these tests, which do not exist. */
const supervised = "mediation: supervised\n";

describe("diff", () => {
  test("a printed policy, with includes and variables written out, is no difference", async () => {
    const { out } = await caller.run(["check", "--print", "nginx"]);
    const printed = written("nginx.yaml", out);
    const { status, out: text } = await caller.run(["diff", "nginx", printed]);
    expect(text).toBe(`nginx -> ${printed}: no difference\n`);
    expect(status).toBe(0);
  });

  test("a removed `deny connect udp`: answers to its addresses, as an example asks", async () => {
    const rules = ["listen udp 53", "deny connect udp 10.0.0.0/8:*"];
    const old = written("a/dns.yaml", `${supervised}network: [${rules.join(", ")}]\n`);
    const fresh = written("b/dns.yaml", `${supervised}network: [${rules[0]}]\n`);
    const { out } = await caller.run(["diff", old, fresh, "--json"]);
    const [change, ...more] = JSON.parse(out).allowed;
    expect(more).toEqual([]);
    expect(change).toMatchObject({ line: "answer udp 10.0.0.0/8:*", part: false });
    const asked = async (file: string) =>
      (await caller.run(["explain", "--policy", file, ...change.example.split(" ")])).status;
    expect([await asked(old), await asked(fresh)]).toEqual([1, 0]);
  });

  test("says what is newly allowed first, with its danger, and fits 80 columns", async () => {
    const old = written("a/tool.yaml", "files: [r /srv/www/**]\ncapabilities: [kill, chown]\n");
    const fresh = written(
      "b/tool.yaml",
      "files: [r /srv/**, deny r /srv/www/key]\nnetwork: [connect tcp 10.0.0.0/8:443]\n" +
        "capabilities: [chown, sys_admin]\nuser: nobody\n",
    );
    const { status, out } = await caller.run(["diff", old, fresh]);
    expect(status).toBe(1);
    expect(out.split("\n").filter((line) => line.length > 80 && !line.includes(old))).toEqual([]);
    expect(out.slice(out.indexOf("\nnewly allowed"))).toBe(
      [
        "",
        "newly allowed",
        "  files",
        "    r /srv/**",
        "      in part, for example: read /srv",
        "  network",
        "    connect tcp 10.0.0.0/8:443",
        "  capabilities",
        "  ! sys_admin",
        "      CFD2018: `sys_admin` lets the daemon do most of what root can: mount,",
        "        trace, change namespaces and read the environment of every process",
        "",
        "newly denied",
        "  files",
        "    r /srv/www/key",
        "  capabilities",
        "    kill",
        "",
        "settings",
        "    user: the caller's -> nobody",
        "",
      ].join("\n"),
    );
  });

  test("--json has the same, and each example is answered differently by explain", async () => {
    const old = written("a/tool.yaml", `files: [r /srv/www/**]\nsyscalls: [read]\n${supervised}`);
    const fresh = written(
      "b/tool.yaml",
      `files: [rw /srv/www/**]\nsyscalls: [write]\n${supervised}`,
    );
    const { status, out } = await caller.run(["diff", "--json", old, fresh]);
    expect(status).toBe(1);
    const told = JSON.parse(out);
    expect(told).toMatchObject({
      before: { operand: old, domain: "tool", level: "enforcing", mediation: "supervised" },
      after: { operand: fresh, domain: "tool" },
      same: false,
      settings: [],
      allowed: [
        {
          ...{ section: "files", line: "w /srv/www/**", part: false, risks: [] },
          ...{ example: "write /srv/www", request: { class: "name", operation: "write" } },
        },
        { section: "syscalls", line: "write", example: "syscall write" },
      ],
      denied: [{ section: "syscalls", line: "read", example: "syscall read", risks: [] }],
      risks: [],
    });
    for (const [list, before, after] of [
      [told.allowed, 1, 0],
      [told.denied, 0, 1],
    ] as const) {
      for (const { example } of list as { example: string }[]) {
        const asked = async (file: string) =>
          (await caller.run(["explain", "--policy", file, ...example.split(" ")])).status;
        expect([await asked(old), await asked(fresh)]).toEqual([before, after]);
      }
    }
  });

  test("a writable program is a new danger, whichever of its two rules is new", async () => {
    const old = written("a/tool.yaml", "files: [rx /srv/app/run]\n");
    const fresh = written("b/tool.yaml", "files: [rx /srv/app/run, w /srv/app/**]\n");
    const { out } = await caller.run(["diff", old, fresh]);
    expect(out).toMatch(/newly allowed[\s\S]*! CFD2009: `rx \/srv\/app\/run` lets the daemon run/);
    expect((await caller.run(["diff", fresh, old])).out).not.toContain("!");
  });

  test("a level below enforcing comes first", async () => {
    const { status, out } = await caller.run(["diff", "nginx@enforcing", "nginx@warning"]);
    expect(status).toBe(1);
    expect(out).toMatch(
      /^nginx@enforcing -> nginx@warning: the same grants, other settings\n {2}! /,
    );
    expect(out.replaceAll(/\s+/g, " ")).toContain(
      "what it does not grant is allowed, too, and logged",
    );
    expect(out).toContain("level: enforcing -> warning");
    expect((await caller.run(["diff", "nginx@warning", "nginx@warning"])).status).toBe(0);
  });

  test("system calls are told as groups where they are whole groups", async () => {
    const old = written("a/tool.yaml", "syscalls: [read]\n");
    const fresh = written("b/tool.yaml", 'syscalls: [read, "@timer", "@chown", statx]\n');
    const { out } = await caller.run(["diff", old, fresh]);
    expect(out).toMatch(/\n {2}syscalls\n {4}@timer @chown statx\n/);
  });

  test("trouble is status 2: no such policy, one with errors, a wrong command line", async () => {
    const broken = written("a/tool.yaml", "fiels: []\n");
    for (const words of [["nginx", "ngnix"], ["nginx", broken], ["nginx"]]) {
      const { status, err } = await caller.run(["diff", ...words]);
      expect(status).toBe(2);
      expect(err).not.toBe("");
    }
  });

  test("what a policy says cannot act on the terminal", async () => {
    const old = written("a/tool.yaml", "files: [r /srv/a]\n");
    const fresh = written("b/tool.yaml", 'files: ["r /srv/\\\\x1b[[]2J/*"]\n');
    const { out, status } = await caller.run(["diff", old, fresh]);
    expect(status).toBe(1);
    expect(out).not.toContain("\x1b");
  });
});
