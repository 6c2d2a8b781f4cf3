/** What `enter` may not name in the kernel's engine. */
import { dirname, join } from "node:path";
import { expect, test } from "vitest";
import { checkContext } from "../../src/host/check-context.ts";
import { hostNow } from "../../src/host/host.ts";
import { keptOutside, SYSTEMD_EXECUTOR, whyKeptOutside } from "../../src/host/kept-outside.ts";
import { launcherOf } from "../../src/host/places.ts";
import { check } from "../../src/policy/3-check/check.ts";
import { scratchPlaces } from "../agent/scratch-places.ts";
import { root } from "../house/tree.ts";
import { policy } from "../model/helpers/policy.ts";

const places = scratchPlaces("/scratch", root);

test("the programs of Cofferdam and of systemd, and no others", () => {
  const { file } = keptOutside(places);
  expect(file(process.execPath)).toMatch(/by its unit/);
  const launcher = launcherOf(places);
  expect(file(launcher)).toMatch(/Cofferdam's/);
  expect(file(join(dirname(launcher), "cofferdam-login"))).not.toBe(null);
  expect(file(SYSTEMD_EXECUTOR)).toMatch(/the command of every unit/);
  expect(file("/usr/lib/systemd/systemd")).toMatch(/first process/);
  expect(file("/usr/sbin/nginx")).toBe(null);
  expect(file(join(root, "package.json"))).toBe(null);
});

test("the groups of the agent and of the first process, and those above them", () => {
  const { group } = keptOutside(places, { own: "", sandboxesLogins: false });
  const agent = "/system.slice/cofferdam-agent.service";
  for (const path of [agent, "/system.slice", "/other.slice/cofferdam-agent.service"])
    expect(group(path)).toMatch(/agent is in it/);
  expect(group("/init.scope")).toMatch(/first process/);
  for (const path of ["/system.slice/nginx.service", "/system.slice/cofferdam", "/user.slice"])
    expect(group(path)).toBe(null);
  // An administrator has given the agent another slice.
  const slice = "/a.slice/a-b.slice";
  const from = (unit: string) =>
    keptOutside(places, { own: `${slice}/${unit}`, sandboxesLogins: false });
  const moved = from("cofferdam-agent.service");
  const command = from("session-1.scope");
  for (const path of ["/a.slice", slice]) {
    expect(moved.group(path)).toMatch(/agent is in it/);
    expect(command.group(path)).toBe(null);
  }
});

test("sshd enters, but where logins begin in the sandboxed shell", () => {
  const sshd = (sandboxesLogins: boolean) => {
    const { file, group } = keptOutside(places, { own: "", sandboxesLogins });
    return [file("/usr/sbin/sshd"), group("/system.slice/ssh.service")];
  };
  expect(sshd(false)).toEqual([null, null]);
  const why = expect.stringContaining("sessions in a domain do not get");
  expect(sshd(true)).toEqual([why, why]);
});

test("units by their names, as `check` knows them", () => {
  const why = (unit: string) => whyKeptOutside(places, { kind: "unit", unit });
  for (const unit of ["cofferdam-agent.service", "system.slice", "-.slice", "init.scope"])
    expect(why(unit)).toMatch(/is in it/);
  for (const unit of ["nginx.service", "user.slice", "web-app.slice", "a.scope"])
    expect(why(unit)).toBe(null);
});

test("`check` tells of them where the host's engine is the kernel's", () => {
  const named = policy({ entries: [{ kind: "exec", path: process.execPath }] });
  const context = { ...checkContext(places, hostNow()), file: "web.yaml" };
  const codes = (engine: "landlock" | "bpf-lsm") =>
    check(named, { ...context, engine }).map(({ code }) => code);
  expect(codes("bpf-lsm")).toContain("CFD2046");
  expect(codes("landlock")).not.toContain("CFD2046");
});
