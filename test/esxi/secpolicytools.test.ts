import { existsSync, mkdirSync, readFileSync, statSync } from "node:fs";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { WRITABLE_BY_OTHERS } from "../../src/base/modes.ts";
import { Host } from "./dialect.ts";

let host: Host;

beforeEach(() => {
  host = new Host();
});

afterEach(() => {
  host.remove();
});

const ruler = "-".repeat(63);

describe("-d", () => {
  test("each domain's header as the original writes it, then its rules", async () => {
    const { status, out, err } = await host.run("secpolicytools", "-d");
    expect({ status, err }).toEqual({ status: 0, err: "" });
    expect(out.split("\n").filter((line) => line.includes("Domain"))).toEqual([
      "Domain Name: superDom Domain ID :0 Enforcement Level: enforcing",
      "Domain Name: hostdDom Domain ID :49 Enforcement Level: enforcing",
      "Domain Name: ntpdDom Domain ID :- Enforcement Level: warning",
    ]);
    expect(out).toContain(
      `${ruler}\nDomain Name: hostdDom Domain ID :49 Enforcement Level: enforcing\n${ruler}\n` +
        "-r /etc r\n",
    );
  });

  test("a policy with errors is said to be one", async () => {
    host.policy("ntpd", "nonsense: 1\n");
    const { out } = await host.run("secpolicytools", "-d");
    expect(out).toContain(
      `Enforcement Level: -\n${ruler}\n# its policy has errors: cofferdam check ntpd\n`,
    );
  });

  test("what it prints, -p reads back: the policies and their levels", async () => {
    const { out } = await host.run("secpolicytools", "-d");
    mkdirSync(join(host.folder, "dump", "domains"), { recursive: true });
    host.write(join(host.folder, "dump", "domains", "all"), out);
    const into = join(host.folder, "new");
    const loaded = await host.run(
      "secpolicytools",
      "-p",
      join(host.folder, "dump"),
      "--into",
      into,
    );
    expect({ status: loaded.status, err: loaded.err }).toEqual({ status: 0, err: "" });
    expect(readFileSync(join(into, "hostd.yaml"), "utf8")).toContain('- "r /etc/**"');
    expect(readFileSync(join(into, "ntpd.yaml"), "utf8")).toContain('level: "warning"');
    expect(statSync(join(into, "ntpd.yaml")).mode & WRITABLE_BY_OTHERS).toBe(0);
  });
});

describe("-D", () => {
  test.each(["hostdDom", "hostd"])("%s: the number and nothing else", async (name) => {
    expect(await host.run("secpolicytools", "-D", name)).toEqual({
      status: 0,
      out: "49\n",
      err: "",
    });
  });

  test("superDom is 0", async () => {
    expect((await host.run("secpolicytools", "-D", "superDom")).out).toBe("0\n");
  });

  test.each(["amshelprDom", "ntpdDom", "superDo", "", "../x"])(
    "`%s` has none: nothing on standard output, and a status",
    async (name) => {
      const { status, out, err } = await host.run("secpolicytools", "-D", name);
      expect({ status, out }).toEqual({ status: 1, out: "" });
      expect(err).toMatch(/^secpolicytools: .*\n {2}help: /);
    },
  );
});

test("-l lists domains with numbers, then objects", async () => {
  expect((await host.run("secpolicytools", "-l")).out).toBe(
    "Valid domains\nsuperDom 0\nhostdDom 49\nntpdDom -\n\nValid objects\n",
  );
});

test("-k names every keyword under the form of its rule", async () => {
  const { out } = await host.run("secpolicytools", "-k");
  expect(out).toContain("-s CLASS grant\n  genericSys\n");
  expect(out).toContain("\n  inet_socket_connect nonloopback\n");
});

test("-h has the original's options with their long names", async () => {
  const { status, out } = await host.run("secpolicytools", "-h");
  expect(status).toBe(0);
  expect(out.split("\n").filter((line) => line.length > 80)).toEqual([]);
  for (const option of [
    "-p|--load-policy",
    "-d|--display-policy",
    "-D|--lookup-domain <label>",
    "-l|--list-labels",
    "-k|--keywords",
    "-h|--help",
  ])
    expect(out).toContain(`  ${option}`);
});

test.each([
  [["-r"], "--reset has no meaning here"],
  [["-N", "x"], "--new-dom has no meaning here"],
  [["-s", "/bin/sh", "-L", "shellObj"], "has no meaning here"],
  [[], "nothing is asked"],
  [["-d", "-l"], "one thing at a time"],
  [["-d", "x"], "`x` is not an option"],
  [["-q"], "Unknown option '-q'"],
])("%j is refused with a reason", async (args, reason) => {
  const { status, out, err } = await host.run("secpolicytools", ...args);
  expect({ status, out }).toEqual({ status: 2, out: "" });
  expect(err).toContain(reason);
});

describe("-p", () => {
  function directory(rules: string): string {
    const folder = join(host.folder, "policy");
    mkdirSync(join(folder, "domains"), { recursive: true });
    host.write(join(folder, "domains", "toolDom"), rules);
    return folder;
  }

  test("policies go to the host's own folder, and what is the same stays as it is", async () => {
    const first = await host.run("secpolicytools", "-p", directory("-r /etc r\n"));
    expect(first).toMatchObject({ status: 0, err: "" });
    expect(first.out).toContain("1 policies in");
    expect(readFileSync(join(host.policies, "tool.yaml"), "utf8")).toContain('- "r /etc/**"');
    const second = await host.run("secpolicytools", "--load-policy", directory("-r /etc r\n"));
    expect(second.out).toContain("0 of them new or changed");
  });

  test("another policy of that name is kept, unless it may be replaced", async () => {
    host.policy("tool", "summary: mine\n");
    const refused = await host.run("secpolicytools", "-p", directory("-r /etc r\n"));
    expect(refused).toMatchObject({ status: 1, out: "" });
    expect(refused.err).toContain("tool.yaml would be overwritten");
    expect(readFileSync(join(host.policies, "tool.yaml"), "utf8")).toBe("summary: mine\n");
    expect(
      (await host.run("secpolicytools", "-p", directory("-r /etc r\n"), "--replace")).status,
    ).toBe(0);
    expect(readFileSync(join(host.policies, "tool.yaml"), "utf8")).toContain("/etc/**");
  });

  test("one error and nothing is written; it has file, line and column", async () => {
    const folder = directory("-r /etc r\n  -s genericsys grant\n");
    const { status, err } = await host.run("secpolicytools", "-p", folder);
    expect(status).toBe(1);
    expect(err).toContain(
      `${folder}/domains/toolDom:2:3\n` +
        "error[CFD4002]: `genericsys` is not a class of system calls\n",
    );
    expect(err).toContain("did you mean `genericSys`?");
    expect(existsSync(join(host.policies, "tool.yaml"))).toBe(false);
  });

  test("the original's own folder is where it looks by itself", async () => {
    const { status, err } = await host.run("secpolicytools", "-p");
    expect(status).toBe(1);
    expect(err).toContain("/etc/vmware/secpolicy");
  });
});
