import { existsSync } from "node:fs";
import { expect } from "vitest";
import { VERSION } from "../../../../src/cli/version.ts";
import { endNextPostinst } from "../../../package/half-configured.ts";
import { LOWER } from "../../../package/packages.ts";
import type { Suite } from "../suite.ts";
import { ANSWERS, asked, GRANTED, HELD, OPEN, writeAnswers } from "./answerer.ts";
import { Client } from "./client.ts";
import { machine } from "./machine.ts";

/** Two daemons of our own, and Debian's memcached with the shipped policy. */
const answerers = ["sealed", "supervised"] as const;
const units = ["memcached", ...answerers];

const policy = (name: string) => `enter: [{ unit: ${name}.service }]
level: enforcing
mediation: ${name}
include: [base]
files:
  - rx /usr/bin/dash
  - r ${ANSWERS} ${GRANTED}
  - rwcd /run/${name}/**
inherit: [stdio, stdio-sockets]
syscalls: ["@system-service"]
`;

const unit = (name: string) => `[Service]
RuntimeDirectory=${name}
ExecStartPre=+mkfifo /run/${name}/asked
ExecStart=/usr/bin/dash ${ANSWERS} /run/${name}
[Install]
WantedBy=multi-user.target
`;

function writeAnswerers(): void {
  writeAnswers();
  for (const name of answerers) {
    machine.write(`/etc/systemd/system/${name}.service`, unit(name));
    machine.write(`/etc/cofferdam/domains/${name}.yaml`, policy(name));
  }
  machine.must("systemctl", "daemon-reload");
  machine.must("systemctl", "--quiet", "enable", ...answerers);
}

/** Of every unit: its process, its domain, and what holds. */
function state() {
  return units.map((name) => {
    const pid = machine.mainPid(name);
    const holds = name === "memcached" ? null : asked(name);
    return { name, pid, domain: machine.domainOf(pid), holds };
  });
}

/** Those named are in their domains, the others outside. */
function expectEnforced(names: readonly string[] = units): void {
  const wanted = units.map((name) => {
    const inside = names.includes(name);
    const holds = inside ? HELD : OPEN;
    return { name, domain: inside ? name : "", holds: name === "memcached" ? null : holds };
  });
  expect(state()).toMatchObject(wanted);
}

/** Process ids of the shared mediator, its stand-by, and those that serve one run. */
const mediators = (): readonly string[] =>
  machine.must("pgrep", "-f", "/usr/lib/cofferdam/dist/mediator.js").trim().split("\n");

const packageState = (): string =>
  machine.run("dpkg-query", "-W", "-f", "${Status}", "cofferdam").out;
const INSTALLED = "install ok installed";
const HALF_CONFIGURED = "install ok half-configured";

/** Nothing that runs notices; it is said who runs as before. */
async function changesVersion(before: string, version: string): Promise<void> {
  const running = state();
  const mediating = mediators();
  const agent = machine.mainPid("cofferdam-agent");
  const client = new Client();
  const told = machine.install(version);
  expect(await client.end()).toBe("served");
  expect(machine.done("--version")).toBe(`${version}\n`);
  expect(told).toContain(`run as version ${before} started them`);
  for (const { name, pid } of running) expect(told).toContain(`${name} (process ${pid}, `);
  expect(state()).toEqual(running);
  expectEnforced();
  // On a slow machine one may have got a successor meanwhile; none has ended.
  expect(mediators()).toEqual(expect.arrayContaining([...mediating]));
  expect(machine.mainPid("cofferdam-agent")).not.toBe(agent);
}

function leaveHalfConfigured(version: string): void {
  machine.sh(...endNextPostinst);
  const file = `/srv/packages/cofferdam_${version}_amd64.deb`;
  expect(machine.run("dpkg", "--install", file).status).not.toBe(0);
  expect(packageState()).toBe(HALF_CONFIGURED);
}

export const installed: Suite = {
  "apt installs the package without a network: the agent runs, nothing is confined": () => {
    const file = `/srv/packages/cofferdam_${LOWER}_amd64.deb`;
    machine.must("apt-get", "install", "--yes", file);
    expect(packageState()).toBe(INSTALLED);
    expect(machine.show("cofferdam-agent", "ActiveState")).toBe("active");
    const listed: readonly { readonly confinement: unknown }[] = JSON.parse(
      machine.done("ps", "--json"),
    );
    expect(listed.filter(({ confinement }) => confinement !== "superDom")).toEqual([]);
  },

  "units enter their domains, which are enforced": () => {
    writeAnswerers();
    machine.done("domain", "reload");
    machine.done("unit", "enable", "--now", ...units);
    expectEnforced();
  },

  "an upgrade, and a client is served meanwhile: nothing restarts, all stays enforced": () =>
    changesVersion(LOWER, VERSION),

  "a downgrade is the same": () => changesVersion(VERSION, LOWER),

  "while the package is half-configured, all stays enforced; dpkg --configure ends that":
    async () => {
      const running = state();
      const client = new Client();
      leaveHalfConfigured(VERSION);
      expect(state()).toEqual(running);
      machine.must("dpkg", "--configure", "--pending");
      expect(packageState()).toBe(INSTALLED);
      expect(await client.end()).toBe("served");
      expect(state()).toEqual(running);
      expectEnforced();
      leaveHalfConfigured(VERSION);
    },
};

/** The host has been switched off and on with a half-configured package. */
export const rebooted: Suite = {
  "after a boot with a half-configured package the units are in their domains": () => {
    machine.run("systemctl", "is-system-running", "--wait");
    expect(packageState()).toBe(HALF_CONFIGURED);
    expectEnforced();
    machine.must("dpkg", "--configure", "--pending");
    expect(packageState()).toBe(INSTALLED);
    expectEnforced();
  },

  "a removal is refused, and changes nothing, while a supervised daemon runs": () => {
    const running = state();
    const { status, err } = machine.run("dpkg", "--remove", "cofferdam");
    expect(status).not.toBe(0);
    expect(err).toContain("supervised (process ");
    expect(state()).toEqual(running);
    machine.done("unit", "disable", "--now", "supervised");
  },

  "a removal puts units back first; sealed daemons serve on, and start outside next": async () => {
    const running = state();
    const client = new Client();
    const told = machine.must("dpkg", "--remove", "cofferdam");
    expect(await client.end()).toBe("served");
    expect(told).toContain("these units no longer start in domains: ");
    for (const name of ["memcached", "sealed"])
      expect(told).toContain(`${name} (process ${machine.mainPid(name)}, sealed)`);
    expect(state()).toEqual(running);
    expectEnforced(["memcached", "sealed"]);
    machine.must("systemctl", "restart", ...units);
    expectEnforced([]);
    expect(packageState()).toBe("deinstall ok config-files");
  },

  "installed again, the units enter their domains again": () => {
    machine.install(VERSION);
    machine.done("unit", "enable", "--now", ...units);
    expectEnforced();
  },

  "a purge puts units back, and leaves the administrator's policies": () => {
    machine.done("unit", "disable", "--now", "supervised");
    machine.must("dpkg", "--purge", "cofferdam");
    expectEnforced(["memcached", "sealed"]);
    machine.must("systemctl", "restart", ...units);
    expectEnforced([]);
    expect(packageState()).toBe("");
    const left = "find /etc/cofferdam /var/lib/cofferdam /var/log/cofferdam -type f";
    expect(machine.run("sh", "-c", left).out.trim().split("\n").sort()).toEqual(
      answerers.map((name) => `/etc/cofferdam/domains/${name}.yaml`),
    );
    expect(existsSync("/usr/lib/cofferdam")).toBe(false);
    expect(machine.run("systemctl", "--failed", "--plain", "--no-legend").out).toBe("");
  },

  "installed after a purge, it confines nothing": () => {
    machine.install(LOWER);
    expectEnforced([]);
    expect(machine.show("cofferdam-agent", "ActiveState")).toBe("active");
  },
};
