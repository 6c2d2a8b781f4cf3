import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { Host } from "./dialect.ts";

let host: Host;

beforeEach(() => {
  host = new Host();
});

afterEach(() => {
  host.remove();
});

describe("esxcli system secpolicy domain", () => {
  const esxcli = (...args: readonly string[]) =>
    host.run("esxcli", "system", "secpolicy", "domain", ...args);

  test("list has the original's two columns", async () => {
    expect(await esxcli("list")).toEqual({
      status: 0,
      err: "",
      out: [
        "Domain Name             Enforcement Level",
        "----------------------  -----------------",
        "superDom                enforcing",
        "hostdDom                enforcing",
        "ntpdDom                 warning",
        "",
      ].join("\n"),
    });
  });

  test("a long name widens its column", async () => {
    host.policy("systemStorageMonitorLong", "level: disabled\n");
    expect((await esxcli("list")).out).toContain("\nsystemStorageMonitorLongDom  disabled\n");
  });

  test.each([
    [["set"], "either one domain is named or all are meant", 2],
    [
      ["set", "-n", "hostdDom", "--all-domains", "-l", "warning"],
      "either one domain is named or all are meant",
      2,
    ],
    [["set", "-n", "hostdDom"], "is not a level", 2],
    [["set", "-n", "hostdDom", "-l", "loose"], "`loose` is not a level", 2],
    [["set", "-n", "nobodyDom", "-l", "warning"], "there is no domain `nobodyDom`", 1],
    [["set", "-n", "superDom", "-l", "warning"], "superDom has no level", 1],
    [["lsit"], "`lsit` is neither list nor set", 2],
    [["list", "more"], "is not a command of this host", 2],
  ])("%j is refused", async (args, reason, status) => {
    const outcome = await esxcli(...args);
    expect(outcome).toMatchObject({ status, out: "" });
    expect(outcome.err).toContain(reason);
    // What to do is one block.
    expect(outcome.err).toMatch(/^esxcli: .*\n {2}help: .*\n( {8}\S.*\n)*$/);
  });
});

describe("esxcfg-advcfg", () => {
  const key = "/UserVars/ShellSandboxEnabled";

  test("a value is got", async () => {
    expect(await host.run("esxcfg-advcfg", "-g", key)).toEqual({
      status: 0,
      out: "Value of ShellSandboxEnabled is 0\n",
      err: "",
    });
  });

  test.each([["2"], ["-1"], ["yes"], [""], ["0x1"]])("`%s` is no value", async (value) => {
    const { status, err } = await host.run("esxcfg-advcfg", `--set=${value}`, key);
    expect(status).toBe(3);
    expect(err).toContain("give one of these: 0, 1");
  });

  test("an unknown key, a malformed line and an ordinary user are refused", async () => {
    expect((await host.run("esxcfg-advcfg", "-g", "/Nonsense")).err).toContain(
      "no setting is called `/Nonsense`",
    );
    expect((await host.run("esxcfg-advcfg", "-s", "1")).status).toBe(2);
    expect((await host.run("esxcfg-advcfg")).status).toBe(2);
    const user = new Host(false);
    expect((await user.run("esxcfg-advcfg", "-s", "1", key)).err).toContain("change them as root");
    expect((await user.run("esxcfg-advcfg", "-g", key)).status).toBe(0);
    user.remove();
  });
});

describe("ps", () => {
  test.each([["-TcjstvZ"], ["-ZvtsjcT"], ["-Tc -jstv -Z"]])("%s lists worlds", async (line) => {
    const { out } = await host.run("ps", ...line.split(" "));
    expect(out).toMatch(
      /^WID +CID +WorldName {46}GID +Type +State +Wait +CPU +Time +SecurityDomain +Command\n/,
    );
    expect(out).toMatch(new RegExp(`^${process.pid} +${process.pid} `, "m"));
    expect(out).toMatch(new RegExp(`^\\d+ +${process.pid} .* User,Clone `, "m"));
  });

  test("any other ps is the system's, with its status", async () => {
    const { status, out } = await host.run("ps", "-p", "999999999", "-o", "pid=");
    expect({ status, out }).toEqual({ status: 1, out: "" });
  });
});
