import { existsSync, readFileSync, rmSync } from "node:fs";
import { expect } from "vitest";
import { VERSION } from "../../../../src/cli/version.ts";
import type { Suite } from "../suite.ts";
import { ANSWERS, asked, DENIED, GRANTED, HELD, OPEN, writeAnswers } from "./answerer.ts";
import { Client } from "./client.ts";
import { machine } from "./machine.ts";

/** A daemon of our own; memcached is Debian's, with its unit and the shipped policy. */
const UNIT = "held";

const policy = (level: string) => `enter: [{ unit: ${UNIT}.service }]
level: ${level}
include: [base]
files:
  - rx /usr/bin/dash /usr/bin/mkfifo
  - r ${ANSWERS} ${GRANTED}
  - rwcd /run/${UNIT}/**
inherit: [stdio, stdio-sockets]
syscalls: ["@system-service"]
`;

/** Its user, and a mount namespace of its own, are what systemd's own program sets first. */
const unit = `[Unit]
After=network.target
[Service]
User=daemon
PrivateTmp=yes
RuntimeDirectory=${UNIT}
ExecStartPre=mkfifo /run/${UNIT}/asked
ExecStart=/usr/bin/dash ${ANSWERS} /run/${UNIT}
[Install]
WantedBy=multi-user.target
`;

/** Of the domain that is entered by executing it. */
const PROGRAM = "/usr/local/bin/entered";
const ENTERED = "entered";
/** What it is refused while nobody reads events. */
const UNSEEN = "/srv/unseen";

/** A boot starts it before the agent. */
const EARLY = "early";
const early = `[Unit]
DefaultDependencies=no
After=local-fs.target
Before=sysinit.target
[Service]
RuntimeDirectory=${EARLY}
ExecStartPre=mkfifo /run/${EARLY}/asked
ExecStart=/usr/bin/dash ${ANSWERS} /run/${EARLY}
[Install]
WantedBy=sysinit.target
`;

const AGENT = "cofferdam-agent";
/** It outlives an agent. With brackets, so that who looks for it is not found. */
const COLLECTOR = "/dist/kernel-collector[.]js";

/** Makes the agent one that never becomes ready. */
const HANG = `/etc/systemd/system/${AGENT}.service.d/zz-hang.conf`;
const hang = `[Service]
ExecStart=
ExecStart=/usr/bin/sleep infinity
`;
/** A boot that waited less did not wait for the job, which begins before its process. */
const WAITED_US = 85_000_000;

const ENGINE = "/UserVars/Engine";
/** Where the engine is, if it is attached. */
const PINS = "/sys/fs/bpf/cofferdam";

const holds = (): string => asked(UNIT);

const policyFile = `/etc/cofferdam/domains/${UNIT}.yaml`;

interface Told {
  readonly id: string;
  readonly domain: string;
  readonly engine: string;
  readonly verdict: string;
  readonly operation: string;
  readonly object: string;
  /** The policy's own, if one denies it. */
  readonly rule: string | null;
}

const LOG = "/var/log/cofferdam/events.jsonl";

const events = (): readonly Told[] =>
  readFileSync(LOG, "utf8")
    .split("\n")
    .filter(Boolean)
    .map((line) => JSON.parse(line) as Told);

const deniedIn = (domain: string): readonly Told[] =>
  events().filter((one) => one.domain === domain && one.verdict === "denied");

const setEngine = (value: "auto" | "landlock" | "bpf-lsm"): void => {
  machine.done("settings", "set", ENGINE, value);
  machine.done("domain", "reload");
};

/** Until the log has the refusal. */
function untilDenied(domain: string, object: string): void {
  machine.sh(
    'until grep -F "$2" "$1" | grep -qF "$3"; do sleep 0.2; done',
    ...[LOG, `"domain":"${domain}"`, object],
  );
}

/** Since the boot, microseconds; 0 for what has not happened. */
const since = (name: string, property: string): number =>
  Number(machine.show(name, `${property}TimestampMonotonic`));

/** Everything of a boot has been started, or was given up. */
const untilBooted = (): void => {
  machine.run("systemctl", "is-system-running", "--wait");
};

export const entered: Suite = {
  "the package is installed, and nothing is held": () => {
    machine.install(VERSION);
    writeAnswers();
    machine.write(`/etc/systemd/system/${UNIT}.service`, unit);
    machine.write(policyFile, policy("enforcing"));
    machine.waitAtBoots();
    machine.must("systemctl", "--quiet", "enable", "--now", UNIT);
    expect(holds()).toBe(OPEN);
    machine.write(`/etc/systemd/system/${EARLY}.service`, early);
    machine.write(
      `/etc/cofferdam/domains/${EARLY}.yaml`,
      policy("enforcing").replaceAll(UNIT, EARLY),
    );
    machine.must("systemctl", "daemon-reload");
    machine.must("systemctl", "--quiet", "enable", EARLY);
  },

  "a unit enters its domain at its next start, nothing of its being changed": () => {
    // This kernel takes the engine.
    setEngine("auto");
    expect(machine.done("doctor")).toMatch(/^engine +bpf-lsm: \/UserVars\/Engine is auto/m);
    expect(holds()).toBe(OPEN);
    machine.must("systemctl", "restart", UNIT, "memcached");
    expect(holds()).toBe(HELD);
    for (const name of [UNIT, "memcached"]) expect(machine.show(name, "DropInPaths")).toBe("");
    machine.must("systemctl", "restart", UNIT);
    expect(holds()).toBe(HELD);
  },

  "Debian's memcached serves in its domain, and misses but what its policy denies": async () => {
    const client = new Client();
    machine.must("sleep", "5");
    expect(await client.end()).toBe("served");
    expect(deniedIn("memcached").filter(({ rule }) => rule === null)).toEqual([]);
  },

  "what is refused is in the log, as the kernel's engine told it": () => {
    const told = { domain: UNIT, engine: "bpf-lsm", verdict: "denied", object: DENIED };
    expect(events()).toContainEqual(expect.objectContaining(told));
  },

  "whoever executes a file that a policy names enters its domain": () => {
    machine.must("cp", "/usr/bin/cat", PROGRAM);
    machine.write(
      `/etc/cofferdam/domains/${ENTERED}.yaml`,
      `enter: [{ exec: ${PROGRAM} }]
level: enforcing
include: [base]
files: [rx ${PROGRAM}, r ${GRANTED}]
inherit: [stdio]
`,
    );
    expect(machine.run(PROGRAM, DENIED).status).toBe(0);
    machine.done("domain", "reload");
    expect(machine.run(PROGRAM, GRANTED).status).toBe(0);
    expect(machine.run(PROGRAM, DENIED).status).toBe(1);
  },

  "why says which line grants what the kernel refused": () => {
    untilDenied(ENTERED, DENIED);
    const refused = deniedIn(ENTERED).find(({ object }) => object === DENIED);
    // Its status is 1, because it was denied.
    expect(machine.run("cofferdam", "why", refused?.id ?? "").out).toContain(`r ${DENIED}`);
  },

  "levels and policies are in force at once, without a restart": () => {
    const pid = machine.mainPid(UNIT);
    machine.done("domain", "level", UNIT, "warning");
    expect(holds()).toBe(OPEN);
    machine.done("domain", "level", UNIT, "enforcing");
    expect(holds()).toBe(HELD);
    machine.write(policyFile, `${policy("enforcing").replace(GRANTED, `${GRANTED} ${DENIED}`)}`);
    machine.done("domain", "reload", UNIT);
    expect(holds()).toBe(OPEN);
    machine.write(policyFile, policy("enforcing"));
    machine.done("domain", "reload", UNIT);
    expect(holds()).toBe(HELD);
    expect(machine.mainPid(UNIT)).toBe(pid);
  },

  "a unit that runs is adopted with its processes": () => {
    setEngine("landlock");
    machine.must("systemctl", "restart", UNIT);
    expect(holds()).toBe(OPEN);
    const told = machine.done("adopt", UNIT);
    expect(told).toMatch(/adopted [1-9]/);
    expect(holds()).toBe(HELD);
    setEngine("bpf-lsm");
    expect(holds()).toBe(HELD);
  },

  "no agent is needed for what is held, and the next one tells what was refused meanwhile": () => {
    machine.write(UNSEEN, "a line\n");
    machine.must("systemctl", "kill", "--signal=KILL", AGENT);
    machine.stopAgent();
    machine.sh('while pkill -KILL -f "$1"; do sleep 0.1; done', COLLECTOR);
    expect(holds()).toBe(HELD);
    machine.must("systemctl", "restart", UNIT);
    expect(holds()).toBe(HELD);
    expect(machine.run(PROGRAM, GRANTED).status).toBe(0);
    expect(machine.run(PROGRAM, UNSEEN).status).toBe(1);
    expect(readFileSync(LOG, "utf8")).not.toContain(UNSEEN);
    machine.startAgent();
    untilDenied(ENTERED, UNSEEN);
    expect(machine.done("events", "--domain", ENTERED)).toContain(UNSEEN);
  },

  "nor is the package needed": () => {
    machine.must("dpkg", "--remove", "cofferdam");
    expect(holds()).toBe(HELD);
    machine.must("systemctl", "restart", UNIT);
    expect(holds()).toBe(HELD);
    machine.install(VERSION);
    expect(holds()).toBe(HELD);
  },
};

/** With `cofferdam.engine=landlock` on the kernel's command line; the setting is `bpf-lsm`. */
export const rescued: Suite = {
  "a word on the kernel's command line lets all start outside their domains": () => {
    untilBooted();
    expect(machine.show(AGENT, "ActiveState")).toBe("active");
    expect(holds()).toBe(OPEN);
    expect(asked(EARLY)).toBe(OPEN);
    expect(machine.run(PROGRAM, DENIED).status).toBe(0);
    expect(existsSync(PINS)).toBe(false);
  },

  "settings, doctor and status say so": () => {
    const word = "cofferdam.engine=landlock";
    const remark = `${word} on this boot's command line goes before it`;
    const settings = machine.done("settings", "list").replaceAll(/\s+/g, " ");
    expect(settings).toContain(`${ENGINE} bpf-lsm `);
    expect(settings).toContain(`(${remark})`);
    expect(machine.run("cofferdam", "doctor").out).toMatch(
      /^engine +landlock: this boot's cofferdam\.engine is landlock/m,
    );
    const { status, out } = machine.run("cofferdam", "status", "--json");
    expect(status).toBe(1);
    const { engine, attention, claimed } = JSON.parse(out);
    expect(engine).toBe("landlock");
    expect(attention).toContain(`${ENGINE}: ${remark}`);
    for (const domain of [UNIT, EARLY])
      expect(claimed).toContainEqual(expect.objectContaining({ domain }));
  },
};

/** The boot after the rescue. */
export const restarted: Suite = {
  "after a boot units are in their domains, and what serves the network waited for that": () => {
    untilBooted();
    expect(holds()).toBe(HELD);
    expect(since(AGENT, "ActiveEnter")).toBeGreaterThan(0);
    expect(since("network.target", "ActiveEnter")).toBeGreaterThan(since(AGENT, "ActiveEnter"));
  },

  "what a boot starts before the agent is adopted": () => {
    expect(since(EARLY, "ExecMainStart")).toBeGreaterThan(0);
    expect(since(EARLY, "ExecMainStart")).toBeLessThan(since(AGENT, "ExecMainStart"));
    expect(asked(EARLY)).toBe(HELD);
    machine.sh("journalctl -b -u cofferdam-agent | grep -q 'early: the domain has adopted'");
  },

  "top counts what runs in a domain of the kernel": () => {
    const text = machine.done("top", "--batch", "--iterations", "1", "--delay", "1");
    const [titles = [], figures = []] = text
      .split("\n")
      .map((line) => line.slice(1, -1).split('","'));
    const at = titles.findIndex((title) => title.endsWith(`:${UNIT})\\Processes`));
    expect(titles[at]).toMatch(/\\Domain\([1-9]\d*:held\)/);
    expect(figures[at]).toBe("1");
  },

  "ESXi's ps has the number of that domain, and secpolicytools its name": () => {
    machine.must("dpkg", "--install", `/srv/packages/cofferdam-esxi_${VERSION}_all.deb`);
    const number = machine.must("secpolicytools", "-D", `${UNIT}Dom`).trim();
    expect(number).toMatch(/^[1-9]\d*$/);
    const worlds = machine
      .must("/usr/lib/cofferdam-esxi/ps", "-TcjstvZ")
      .split("\n")
      .map((line) => line.split(/ {2,}/));
    const domain = worlds[0]?.indexOf("SecurityDomain") ?? -1;
    const shownOf = (pid: string) => worlds.find(([, process]) => process === pid)?.[domain];
    expect(shownOf(machine.mainPid(UNIT))).toBe(number);
    expect(shownOf("1")).toBe("0");
  },

  "without the setting a unit starts outside, and the engine is let go": () => {
    setEngine("landlock");
    machine.must("systemctl", "restart", UNIT);
    expect(holds()).toBe(OPEN);
    machine.done("agent", "--unpin");
    expect(existsSync(PINS)).toBe(false);
    // For the next boot.
    setEngine("auto");
    machine.write(HANG, hang);
    machine.waitAsUsual();
  },
};

/** An agent that never becomes ready; the setting is `auto`. */
export const hung: Suite = {
  "a boot waits 90 seconds for an agent that hangs, and goes on without it": () => {
    untilBooted();
    expect(machine.show(AGENT, "ActiveState")).toBe("activating");
    expect(machine.show(AGENT, "JobRunningTimeoutUSec")).toBe("1min 30s");
    expect(machine.show(AGENT, "TimeoutStartUSec")).toBe("10min");
    machine.sh(`journalctl -b -u ${AGENT} | grep -qF '${AGENT}.service/start timed out'`);
    for (const reached of ["network.target", "multi-user.target", UNIT])
      expect(machine.show(reached, "ActiveState"), reached).toBe("active");
    const waited = since("network.target", "ActiveEnter") - since(AGENT, "ExecMainStart");
    expect(waited).toBeGreaterThan(WAITED_US);
  },

  "what it has started is outside, and the next agent adopts it": () => {
    // First, so that no failure here is one of the next boot.
    rmSync(HANG);
    machine.waitAtBoots();
    expect(existsSync(PINS)).toBe(false);
    const pid = machine.mainPid(UNIT);
    expect(holds()).toBe(OPEN);
    machine.must("systemctl", "restart", AGENT);
    expect(holds()).toBe(HELD);
    expect(asked(EARLY)).toBe(HELD);
    expect(machine.mainPid(UNIT)).toBe(pid);
    machine.must("systemctl", "restart", UNIT);
    expect(holds()).toBe(HELD);
    // For the next boot.
    setEngine("bpf-lsm");
  },
};

/** In a kernel that was told to do without BPF LSM. */
export const refused: Suite = {
  "where the kernel does not take the engine, units of enforced domains do not start": () => {
    untilBooted();
    expect(machine.show(UNIT, "ActiveState")).toBe("inactive");
    expect(machine.run("systemctl", "start", UNIT).status).not.toBe(0);
    const why = machine.sh(`journalctl -b -u cofferdam-agent`);
    expect(why).toMatch(/held\.service.*: not started before the kernel takes the engine/);
    // It began before the agent, and goes on.
    expect(asked(EARLY)).toBe(OPEN);
  },

  "doctor, status and an event say so, and what helps": () => {
    const doctor = machine.run("cofferdam", "doctor");
    expect(doctor.status).toBe(1);
    expect(doctor.out.replaceAll(/\s+/g, " ")).toContain(
      "The bpf-lsm engine cannot be used here: bpf is not among the security modules",
    );
    const status = machine.run("cofferdam", "status");
    expect(status.status).toBe(1);
    const text = status.out.replaceAll(/\s+/g, " ");
    expect(text).toContain("/UserVars/Engine is bpf-lsm, which this kernel does not take");
    expect(text).toContain(`${UNIT}.service is not started`);
    expect(text).toContain(`${EARLY}.service runs unconfined`);
    const failed = events().filter(({ verdict }) => verdict === "failed");
    expect(failed).toContainEqual(expect.objectContaining({ operation: "engine not switched" }));
    const set = machine.run("cofferdam", "settings", "set", ENGINE, "bpf-lsm");
    expect(set.status).toBe(3);
    expect(set.err).toContain("nothing was changed");
  },

  "with `auto` they start, outside their domains": () => {
    setEngine("auto");
    expect(machine.show(UNIT, "DropInPaths")).toBe("");
    machine.must("systemctl", "start", UNIT);
    expect(holds()).toBe(OPEN);
    expect(machine.run("cofferdam", "doctor").out).toMatch(
      /^engine +landlock: \/UserVars\/Engine is auto/m,
    );
  },
};
