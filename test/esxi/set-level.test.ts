import { afterEach, beforeEach, expect, test } from "vitest";
import { runDialect } from "../../src/esxi/dialect.ts";
import { ScratchHost } from "../agent/scratch-host.ts";
import type { Outcome } from "../cli/command-line.ts";
import { hearing } from "../cli/hearing.ts";
import { needsRoot } from "../support/skip.ts";

let host: ScratchHost;

beforeEach(() => {
  host = new ScratchHost();
  host.policy("nginx", "level: enforcing\n");
  host.policy("ntpd", "level: enforcing\n");
});

afterEach(async () => {
  await host.remove();
});

async function esxcli(...args: readonly string[]): Promise<Outcome> {
  const { context, ended } = hearing(host.places);
  return ended(await runDialect("esxcli", ["system", "secpolicy", "domain", ...args], context));
}

test("without an agent a level is not set, and it is said how to start one", async () => {
  const { status, out, err } = await esxcli("set", "-n", "nginxDom", "-l", "warning");
  expect({ status, out }).toEqual({ status: 3, out: "" });
  expect(err).toMatch(/^esxcli: no agent runs on this host\n {2}help: .*cofferdam agent/);
});

test("a level is set through the agent, by either name, and the list shows it", async (context) => {
  needsRoot(context);
  await host.start();
  expect(await esxcli("set", "-n", "nginxDom", "-l", "warning")).toEqual({
    status: 0,
    out: "",
    err: "",
  });
  expect((await esxcli("list")).out).toMatch(/^nginxDom +warning$/m);
  expect((await esxcli("list")).out).toMatch(/^ntpdDom +enforcing$/m);
  expect((await esxcli("set", "--name=nginx", "--level=disabled")).status).toBe(0);
  expect((await esxcli("list")).out).toMatch(/^nginxDom +disabled$/m);
});

test("--all-domains means all of them, and superDom stays", async (context) => {
  needsRoot(context);
  await host.start();
  expect((await esxcli("set", "--all-domains", "-l", "warning")).status).toBe(0);
  const { out } = await esxcli("list");
  expect(out.match(/^(?:nginx|ntpd)Dom +warning$/gm)).toHaveLength(2);
  expect(out).toMatch(/^superDom +enforcing$/m);
});
