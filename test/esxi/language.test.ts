import { chmodSync, mkdirSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { SHARED_FILE, SHARED_FOLDER } from "../../src/base/modes.ts";
import { loadDirectory, pathKind } from "../../src/esxi/language/load-directory.ts";
import { printRules } from "../../src/esxi/language/print.ts";
import { load, vocabulary } from "../../src/host/load.ts";
import { decide } from "../../src/model/decide.ts";
import { Permission } from "../../src/model/permission.ts";
import type { Policy } from "../../src/model/policy.ts";
import { printPolicy } from "../../src/policy/print.ts";
import { Caller } from "../cli/command-line.ts";
import { scratchFolder } from "../support/scratch.ts";

let folder = "";

beforeEach(() => {
  folder = scratchFolder("esxi");
});

afterEach(() => {
  rmSync(folder, { recursive: true, force: true });
});

/** Loads one directory in the original's format, files by their names in it. */
function loaded(files: Readonly<Record<string, string>>) {
  rmSync(folder, { recursive: true, force: true });
  for (const [name, text] of Object.entries(files)) {
    mkdirSync(join(folder, name, ".."), { recursive: true });
    writeFileSync(join(folder, name), text);
  }
  return loadDirectory(folder, vocabulary());
}

function policyOf(rules: string, more: Readonly<Record<string, string>> = {}): Policy {
  const { domains, diagnostics } = loaded({ "domains/toolDom": rules, ...more });
  expect(diagnostics.filter(({ severity }) => severity === "error")).toEqual([]);
  const policy = domains[0]?.policy;
  if (policy === undefined) throw new Error("no policy came out");
  return policy;
}

function may(policy: Policy, permission: keyof typeof Permission, name: string): boolean {
  return decide(policy, { class: "name", operation: permission, path: name }).outcome === "granted";
}

/** Codes with their places, as `CFD4001 3:5`. */
function problems(rules: string, more: Readonly<Record<string, string>> = {}): readonly string[] {
  const { diagnostics } = loaded({ "domains/toolDom": rules, ...more });
  return diagnostics.map(({ code, line, column }) => `${code} ${line}:${column}`);
}

describe("paths", () => {
  test("the most specific path wins: deny all, exceptions, an exception to one", () => {
    const policy = policyOf(`
-r /nowhere/a/b/c rw   # again
-r /nowhere            # nothing below it
-r /nowhere/a r
-r /nowhere/a/b
`);
    expect(may(policy, "read", "/nowhere/a/x")).toBe(true);
    expect(may(policy, "write", "/nowhere/a/x")).toBe(false);
    for (const name of [
      "/nowhere/x",
      "/nowhere/a/b",
      "/nowhere/a/b/x",
      "/nowhere/a/b/cc",
      "/nowhere/a/b/d/e",
    ])
      expect([name, may(policy, "read", name)]).toEqual([name, false]);
    for (const name of ["/nowhere/a/b/c", "/nowhere/a/b/c/d"])
      expect([name, may(policy, "read", name), may(policy, "create", name)]).toEqual([
        name,
        true,
        true,
      ]);
    expect(may(policy, "read", "/nowhere/a/bb")).toBe(true);
  });

  test("what is denied below a wide grant stays denied, and its siblings stay granted", () => {
    const policy = policyOf(
      "-r /var/run rw\n-r /var/run/x/tickets\n-r /var/run/x/tickets-remote rw\n",
    );
    expect(may(policy, "write", "/var/run/x/tickets/one")).toBe(false);
    expect(may(policy, "write", "/var/run/x/tickets-remote/one")).toBe(true);
    expect(may(policy, "delete", "/var/run/x/other")).toBe(true);
    expect(may(policy, "execute", "/var/run/x/other")).toBe(false);
  });

  test("w makes and removes names too, but a device is only written", () => {
    const policy = policyOf("-r /dev/null rw\n-r /nowhere/pid rw\n");
    expect(may(policy, "write", "/dev/null")).toBe(true);
    expect(may(policy, "create", "/dev/null")).toBe(false);
    expect(may(policy, "create", "/nowhere/pid")).toBe(true);
  });
});

describe("sockets", () => {
  const inet = (policy: Policy) =>
    policy.addresses.map(
      ({ effect, operation, protocol, network }) =>
        `${effect} ${operation} ${protocol} ${network?.family ?? "*"}`,
    );

  test("kinds and places together are addresses", () => {
    const all = policyOf(
      "-c inet_stream_socket_create grant\n-p inet_socket_bind all grant\n-p " +
        "inet_socket_connect loopback grant\n",
    );
    expect(inet(all)).toEqual(["allow listen tcp *", "allow connect tcp 4", "allow connect tcp 6"]);
    expect(all.syscalls.some(({ token }) => token === "connect")).toBe(true);
  });

  test("nonloopback alone spares the loopback addresses, with loopback it is everything", () => {
    const create = "-c inet_dgram_socket_create grant\n-p inet_socket_connect nonloopback grant\n";
    expect(inet(policyOf(create))).toEqual([
      "allow connect udp *",
      "deny connect udp 4",
      "deny connect udp 6",
    ]);
    expect(inet(policyOf(`${create}-p inet_socket_connect loopback grant\n`))).toEqual([
      "allow connect udp *",
      "allow connect udp 4",
      "allow connect udp 6",
    ]);
  });

  test("a unix socket is reached if its name may be written, and bound by a rule", () => {
    const policy = policyOf(
      "-c unix_socket_create grant\n-r /nowhere/run rw\n-r /nowhere/run/secret\n",
    );
    expect(may(policy, "connect", "/nowhere/run/a.sock")).toBe(true);
    expect(may(policy, "connect", "/nowhere/run/secret/b.sock")).toBe(false);
    expect(may(policy, "listen", "/nowhere/run/a.sock")).toBe(false);
    const binds = policyOf(
      "-c unix_socket_create grant\n-c unix_stream_socket_bind grant\n-r /nowhere/run rw\n",
    );
    expect(may(binds, "listen", "/nowhere/run/a.sock")).toBe(true);
  });
});

test("a dump of several domains is read too, as old releases and new ones write it", () => {
  const dump = `---------------------------------------------------------------
Domain Name: superDom Domain ID :0 Enforcement Level: enforcing
---------------------------------------------------------------
Domain Name: appDom  Kernel Id: 2  Enforcement Level: warning
---------------------------------------------------------------
-a appObj file_create grant
Domain Name: hostd1 Domain ID :7 Enforcement Level: enforcing
-r /nowhere/volumes/Test rw
`;
  const { domains } = loaded({ "domains/dump": dump, "fileLabels/app": "/nowhere/app/* appObj\n" });
  expect(domains.map(({ name, policy }) => [name, policy.level])).toEqual([
    ["app", "warning"],
    ["hostd1", "enforcing"],
  ]);
  expect(domains.map(({ policy }) => may(policy, "create", "/nowhere/app/a"))).toEqual([
    true,
    false,
  ]);
  expect(domains.map(({ policy }) => may(policy, "write", "/nowhere/volumes/Test/x"))).toEqual([
    false,
    true,
  ]);
  // What is unrestricted has no rules to be given.
  expect(loaded({ "domains/superDom": "-r /etc r\n" }).diagnostics.map(({ code }) => code)).toEqual(
    ["CFD4008"],
  );
});

test("labels stand for the paths that have them, and lead into other domains", () => {
  const labels = { "fileLabels/tool": "/opt/tool/bin/* toolObj  # ours\n/opt/helper helperObj\n" };
  const policy = policyOf(
    "-a toolObj file_exec grant\n-d helperObj helperDom file_exec grant\n",
    labels,
  );
  expect(may(policy, "execute", "/opt/tool/bin/a")).toBe(true);
  expect(may(policy, "execute", "/opt/tool/bin/a/b")).toBe(false);
  expect(policy.transitions).toMatchObject([{ path: "/opt/helper", into: "helper" }]);
  expect(may(policy, "execute", "/opt/helper")).toBe(true);
});

describe("nothing is dropped silently, and every complaint has its place", () => {
  test.each([
    ["-x /etc r", "CFD4001 1:1"],
    ["\n  -s genericSys", "CFD4001 2:3"],
    ["-s genericSys deny", "CFD4001 1:1"],
    ["-r etc r", "CFD4001 1:1"],
    ["-r /etc rz", "CFD4001 1:1"],
    ["-r /etc/../x r", "CFD4001 1:1"],
    ["#+ files r /x", "CFD4001 1:1"],
    ["-s genericsys grant", "CFD4002 1:1"],
    ["-c inet_stream_socket_crate grant", "CFD4002 1:1"],
    ["-p inet_socket_bind any grant", "CFD4002 1:1"],
    ["-s moduleSys grant", "CFD4003 1:1"],
    ["-s vsiReadSys grant", "CFD4003 1:1"],
    ["-E unlabeled superDom", "CFD4003 1:1"],
    ["-c vsocket_provide_service grant", "CFD4003 1:1"],
    ["-p inet_socket_bind all grant", "CFD4004 1:1"],
    ["-c unix_socket_create grant", "CFD4004 1:1"],
    ["-c stream_vsocket_connect grant", "CFD4005 1:1"],
    ["-r /etc r\n-r /etc rw", "CFD4006 2:1"],
    ["-a nobodyObj file_exec grant", "CFD4007 1:1"],
  ])("%j: %s", (rules, problem) => {
    expect(problems(rules)).toContain(problem);
  });

  test("every keyword either means something or is reported", async () => {
    const { allKeywords, callsOfClass } = await import("../../src/esxi/language/keywords.ts");
    const classes = allKeywords().find(({ verb }) => verb === "-s")?.words ?? [];
    expect(classes.length).toBeGreaterThan(25);
    for (const name of classes)
      expect([name, problems(`-s ${name} grant`)]).toEqual([
        name,
        callsOfClass(name).length > 0 ? [] : ["CFD4003 1:1"],
      ]);
  });

  test("one error and nothing is accepted: no folder, no text, two of a name", () => {
    expect(loaded({ "domains/aDom": "-r /etc r\n", "domains/bDom": "-q\n" }).domains).toEqual([]);
    expect(
      loadDirectory(join(folder, "none"), vocabulary()).diagnostics.map(({ code }) => code),
    ).toEqual(["CFD4008"]);
    expect(problems("", { "domains/b": "\0" })).toContain("CFD4008 1:1");
    expect(problems("-r /etc r\n", { "domains/tool": "-r /etc r\n" })).toContain("CFD4008 1:1");
    expect(problems("", { "domains/my domain": "" })).toContain("CFD4008 1:1");
  });
});

describe("what is printed can be read back and means the same", () => {
  const caller = new Caller();
  afterEach(() => caller.remove());

  function again(policy: Policy): Policy {
    const { domains, diagnostics } = loaded({
      "domains/all":
        `Domain Name: ${policy.name} Domain ID :7 Enforcement Level: ` +
        `${policy.level}\n${printRules(policy, pathKind)}`,
    });
    expect(diagnostics).toEqual([]);
    const back = domains[0]?.policy;
    if (back === undefined) throw new Error("nothing came back");
    return back;
  }

  /** Rules in one order, once each, letters of one pattern together. */
  function meaning(policy: Policy): readonly string[] {
    return printPolicy(policy).split("\n").sort();
  }

  test.each(["nginx", "redis-server", "postgres"])("%s", (name) => {
    const policy = load(caller.places, { name }).policy;
    if (policy === null) throw new Error(`${name} has errors`);
    const back = again(policy);
    const withoutFiles = (lines: readonly string[]) =>
      lines.filter((line) => !/^ {2}- "(?:deny )?[rwcdxmai]+ \//.test(line));
    expect(withoutFiles(meaning(back))).toEqual(withoutFiles(meaning(policy)));
    for (const rule of policy.names) {
      const sample = rule.pattern.replace("/**", "/some/name").replaceAll(/\*/g, "x");
      for (const permission of Object.keys(Permission) as (keyof typeof Permission)[])
        expect([sample, permission, may(back, permission, sample)]).toEqual([
          sample,
          permission,
          may(policy, permission, sample),
        ]);
    }
    expect(printRules(back, pathKind)).toBe(printRules(policy, pathKind));
  });

  test("nested grants keep what the outer one gives, and denies stay", () => {
    const policy = policyOf(
      '#+ files: "r /etc/**"\n#+ files: "x /etc/ssl/**"\n#+ files: "deny r /etc/ssl/private/**"\n',
    );
    expect(printRules(policy, pathKind)).toContain("-r /etc r\n-r /etc/ssl rx\n");
    const back = again(policy);
    expect(may(back, "read", "/etc/ssl/certs/a")).toBe(true);
    expect(may(back, "execute", "/etc/ssl/certs/a")).toBe(true);
    expect(may(back, "read", "/etc/ssl/private/a")).toBe(false);
    expect(may(back, "execute", "/etc/hosts")).toBe(false);
  });
});

test("words that every object has are none of the language", () => {
  const rules = `-s constructor grant
-c toString grant
-p constructor all grant
-a x constructor grant
constructor x grant
#+ constructor: 1
`;
  expect([...problems(rules)].sort()).toEqual([
    ...["CFD1111 2:1", "CFD4001 5:1", "CFD4002 1:1", "CFD4002 2:1", "CFD4002 3:1", "CFD4002 4:1"],
  ]);
});

test("rules that others could write, or that are no text, are not read", () => {
  const why = (change: (file: string) => void): string => {
    loaded({ "domains/toolDom": "-s genericSys grant\n" });
    change(join(folder, "domains", "toolDom"));
    const { domains, diagnostics } = loadDirectory(folder, vocabulary());
    expect(domains).toEqual([]);
    return diagnostics.map(({ message }) => message).join("\n");
  };
  expect(why((file) => chmodSync(file, SHARED_FILE))).toContain("others may write it");
  expect(why((file) => chmodSync(join(file, ".."), SHARED_FOLDER))).toContain("others may write /");
  expect(why((file) => writeFileSync(file, Buffer.from([0xff, 0xfe])))).toContain(
    "it is not UTF-8 text",
  );
  const swapped = why((file) => {
    rmSync(file);
    symlinkSync("/dev/zero", file);
  });
  expect(swapped).toContain("it is not a regular file");
});

test("a label's path is the path as it is written, but for a last name that stands for all", () => {
  const labels = { "fileLabels/all": "/opt/{a,b}/[cd]/$x?\\y obj\n/opt/**/z/* obj\n" };
  const policy = policyOf("-a obj file_read grant\n", labels);
  for (const name of ["/opt/{a,b}/[cd]/$x?\\y", "/opt/**/z/name"])
    expect(may(policy, "read", name)).toBe(true);
  for (const name of ["/opt/a/c/$xy", "/opt/q/z/name", "/opt/**/z/name/below"])
    expect(may(policy, "read", name)).toBe(false);
});
