import { existsSync } from "node:fs";
import { expect, test } from "vitest";
import { at, withBootedUnits } from "../host/units/booted-units.ts";
import { showsClone } from "../host/units/shell-units.ts";
import { skipUnless } from "../support/skip.ts";

withBootedUnits();

interface All {
  readonly units: readonly {
    readonly unit: string;
    readonly domain: string | null;
    readonly drafted: boolean;
    readonly failed: { readonly message: string } | null;
  }[];
  readonly left: readonly { readonly comm: string; readonly sockets: readonly string[] }[];
}

const server = `
const { createServer } = require("node:http");
createServer((_, response) => response.end("a page")).listen(8080);
`;

const fetched = (port: string): string =>
  at.host.run("curl", "-s", "--max-time", "20", `http://127.0.0.1:${port}/`).out;

/** Waits until the port answers. */
function opens(port: string): void {
  at.host.sh('until bash -c ": </dev/tcp/127.0.0.1/$1" 2>/dev/null; do sleep 0.05; done', port);
}

const pidOf = (unit: string): string => at.host.show(unit, "MainPID");

/** One that is shipped a policy, one that is drafted one, one that is neither, and a stray one. */
function begin(): void {
  at.write("/etc/systemd/system/memcached.service.d/test.conf", `[Service]\n${showsClone}`);
  at.write("/run/web/server.js", server);
  at.service("web.service", `${showsClone}ExecStart=/usr/bin/node /run/web/server.js\n`);
  at.service("idle.service", "ExecStart=/usr/bin/sleep 600\n");
  at.service(
    "elsewhere.service",
    "RootDirectory=/\nExecStart=/usr/bin/node /run/web/server.js\nRestart=no\n",
  );
  at.host.sh("systemctl daemon-reload; systemctl start memcached web idle");
  opens("8080");
  opens("11211");
}

test("a host, from nothing to enforced by two commands", (context) => {
  skipUnless(context, existsSync("/usr/bin/memcached"), "there is no /usr/bin/memcached");
  begin();
  const stray = at.host
    .sh("cd /run; setsid python3 -m http.server 8123 >/dev/null 2>&1 & echo $!")
    .trim();
  opens("8123");
  const all: All = JSON.parse(at.done("protect", "--all", "--now", "--json"));
  expect(
    all.units.map(({ unit, domain, drafted, failed }) => [unit, domain, drafted, failed]),
  ).toEqual([
    ["memcached.service", "memcached", false, null],
    ["ssh.service", "sshd", false, null],
    ["web.service", "web", true, null],
  ]);
  expect(all.left).toContainEqual(
    expect.objectContaining({ pid: Number(stray), sockets: ["tcp 8123"], unit: null }),
  );
  for (const name of ["memcached", "web"]) {
    at.becomes(pidOf(name), name);
    expect(at.done("domain", "list")).toMatch(new RegExp(`${name}\\s.*warning`));
  }
  // What is done is not done again.
  const again = at.done("protect", "--all");
  expect(again).toContain("No unit that runs outside");
  expect(again.replaceAll(/\s+/g, " ")).toContain(`(process ${stray}), tcp 8123: no service unit`);
  opens("8080");
  expect(fetched("8080")).toBe("a page");
  at.host.cofferdam("suggest", "web", "--write");
  at.done("domain", "reload");

  // Nobody is ready after a moment, and nothing is changed.
  const soon = at.host.cofferdam("enforce", "--all");
  expect(soon.status).toBe(1);
  expect(soon.out).toMatch(/\nmemcached +- +not yet: .*\nsshd +- +not yet: .*\nweb +- +not yet: /s);
  expect(at.done("domain", "list")).not.toMatch(/(?:memcached|sshd|web)\s.*enforcing/);
  const { status, out, err } = at.host.cofferdam(
    ...["enforce", "--all", "--anyway", "--least", "1s", "--watch", "3s", "--restart"],
  );
  expect(status, out + err).toBe(0);
  expect(out).toMatch(/\nmemcached +enforcing +watched for .*\nweb +enforcing +watched for /s);
  for (const name of ["memcached", "sshd", "web"])
    expect(at.done("domain", "list")).toMatch(new RegExp(`${name}\\s.*enforcing`));
  opens("8080");
  expect(fetched("8080")).toBe("a page");
  at.host.sh('kill "$1"', stray);
});

test("a domain whose service fails goes back, and the others stay enforced", () => {
  const script = "while sleep 0.2; do cat /run/need >/dev/null || exit 3; done";
  at.write("/run/need", "needed");
  at.domain(
    "fragile",
    // As another release calls it: it is not there, and not to be restarted.
    `enter: [{ unit: fragile.service }, { unit: fragile-2.service }]
level: warning
include: [base]
files: [rx /usr/bin/*]
inherit: [stdio, stdio-sockets]
syscalls: ["@system-service"]
`,
  );
  at.service("fragile.service", `ExecStart=/usr/bin/sh -c '${script}'\n`);
  at.host.sh("systemctl start fragile");
  // A policy names it, so that it need not listen.
  const all: All = JSON.parse(at.done("protect", "--all", "--now", "--json"));
  expect(all.units.map(({ unit }) => unit)).toEqual(["fragile.service"]);
  at.becomes(pidOf("fragile"), "fragile");
  at.done("domain", "level", "memcached", "warning");
  // The unit is active when its launcher runs, which takes seconds on a busy host.
  const { status, out, err } = at.host.cofferdam(
    ...["enforce", "--all", "--anyway", "--watch", "12s", "--restart"],
  );
  expect(status, out + err).toBe(1);
  expect(out.replaceAll(/\s+/g, " ")).toContain("its main process exited with status 3");
  expect(out).toMatch(/\nfragile +warning +back after /);
  expect(out).toMatch(/\nmemcached +enforcing +watched for /);
});

test("what only the kernel's engine holds is left outside, with the reason", () => {
  at.domain(
    "alone",
    `mediation: kernel
enter: [{ unit: alone.service }]
include: [base]
files: [rx /usr/bin/sleep]
inherit: [stdio]
syscalls: ["@system-service"]
`,
  );
  at.service("alone.service", "ExecStart=/usr/bin/sleep 600\n");
  at.host.sh("systemctl start alone");
  const all: All = JSON.parse(at.done("protect", "--all", "--json"));
  expect(all.units.map(({ unit }) => unit)).not.toContain("alone.service");
  expect(all.left).toContainEqual({
    pid: Number(pidOf("alone")),
    ...{ comm: "sleep", sockets: [], unit: "alone.service" },
    why: expect.stringContaining("only the bpf-lsm engine holds the domain `alone`"),
    help: expect.stringContaining("settings set /UserVars/Engine bpf-lsm"),
  });
  const told = at.done("protect", "--all").replaceAll(/\s+/g, " ");
  expect(told).toMatch(/sleep \(process \d+\): only the bpf-lsm engine holds/);
  expect(at.settings()).not.toContain("alone.service.d");
  at.host.sh("systemctl stop alone; rm /etc/cofferdam/domains/alone.yaml");
  at.done("domain", "reload");
});

test("a unit that cannot be protected stops no other one", () => {
  at.host.sh("systemctl stop web; systemctl start elsewhere");
  opens("8080");
  at.service("other.service", `${showsClone}ExecStart=/usr/bin/python3 -m http.server 8090\n`);
  at.host.sh("systemctl start other");
  opens("8090");
  const { status, out } = at.host.cofferdam("protect", "--all", "--json");
  expect(status).toBe(1);
  const all: All = JSON.parse(out);
  expect(all.units.map(({ unit, domain }) => [unit, domain])).toEqual([
    ["elsewhere.service", null],
    ["other.service", "other"],
  ]);
  expect(all.units[0]?.failed?.message).toContain("has another root");
  at.host.sh("systemctl stop elsewhere other");
});

test("what a user's manager has started is not its unit", () => {
  at.host.sh("systemctl start user@0.service");
  const group = "/sys/fs/cgroup/$(systemctl show --property=ControlGroup --value user@0.service)";
  const pid = at.host
    .sh(
      `cd /run; setsid python3 -m http.server 8124 >/dev/null 2>&1 & pid=$!; at=${group}
       mkdir -p $at/own.service; echo $pid >$at/own.service/cgroup.procs; echo $pid`,
    )
    .trim();
  opens("8124");
  const all: All = JSON.parse(at.done("protect", "--all", "--json"));
  at.host.sh('kill "$1"; systemctl stop user@0.service', pid);
  expect(all.units.map(({ unit }) => unit)).not.toContain("user@0.service");
  expect(all.left).toContainEqual(
    expect.objectContaining({
      ...{ pid: Number(pid), unit: "user@0.service" },
      why: expect.stringContaining("own manager"),
    }),
  );
});

test.each([
  [["protect", "--all", "web"], "--all and web are given"],
  [["protect", "--all", "--print"], "--all and --print are given"],
  [["enforce", "--all", "web"], "--all and web are given"],
  [["enforce", "--all", "--no-watch"], "--all watches what it enforces"],
  [["enforce"], "no domain is named"],
])("%j is refused", (words, message) => {
  const { status, err } = at.host.cofferdam(...words);
  expect(status).toBe(2);
  expect(err).toContain(message);
});
