import { readFileSync } from "node:fs";
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
  machine.done("settings", "set", "/UserVars/Engine", value);
  machine.done("domain", "reload");
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
    const [program, name] = ["/usr/local/bin/entered", "entered"];
    machine.must("cp", "/usr/bin/cat", program);
    machine.write(
      `/etc/cofferdam/domains/${name}.yaml`,
      `enter: [{ exec: ${program} }]
level: enforcing
include: [base]
files: [rx ${program}, r ${GRANTED}]
inherit: [stdio]
`,
    );
    expect(machine.run(program, DENIED).status).toBe(0);
    machine.done("domain", "reload");
    expect(machine.run(program, GRANTED).status).toBe(0);
    expect(machine.run(program, DENIED).status).toBe(1);
  },

  "why says which line grants what the kernel refused": () => {
    machine.sh(
      `until grep '"domain":"entered"' "$1" | grep -qF "$2"; do sleep 0.2; done`,
      LOG,
      DENIED,
    );
    const refused = deniedIn("entered").find(({ object }) => object === DENIED);
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

  "no agent is needed for what is held, nor the package": () => {
    machine.must("systemctl", "kill", "--signal=KILL", "cofferdam-agent");
    expect(holds()).toBe(HELD);
    machine.must("systemctl", "restart", UNIT);
    expect(holds()).toBe(HELD);
    machine.must("dpkg", "--remove", "cofferdam");
    expect(holds()).toBe(HELD);
    machine.must("systemctl", "restart", UNIT);
    expect(holds()).toBe(HELD);
    machine.install(VERSION);
    expect(holds()).toBe(HELD);
  },
};

export const restarted: Suite = {
  "after a boot units are in their domains, and what serves the network waited for that": () => {
    machine.run("systemctl", "is-system-running", "--wait");
    expect(holds()).toBe(HELD);
    const since = (name: string) => Number(machine.show(name, "ActiveEnterTimestampMonotonic"));
    expect(since("cofferdam-agent")).toBeGreaterThan(0);
    expect(since("network.target")).toBeGreaterThan(since("cofferdam-agent"));
  },

  "what a boot starts before the agent is adopted": () => {
    const since = (name: string) => Number(machine.show(name, "ExecMainStartTimestampMonotonic"));
    expect(since(EARLY)).toBeGreaterThan(0);
    expect(since(EARLY)).toBeLessThan(since("cofferdam-agent"));
    expect(asked(EARLY)).toBe(HELD);
    machine.sh("journalctl -b -u cofferdam-agent | grep -q 'early: the domain has adopted'");
  },

  "without the setting a unit starts outside, and the engine is let go": () => {
    setEngine("landlock");
    machine.must("systemctl", "restart", UNIT);
    expect(holds()).toBe(OPEN);
    machine.done("agent", "--unpin");
    expect(machine.run("ls", "/sys/fs/bpf/cofferdam").status).not.toBe(0);
    // For the next boot.
    setEngine("bpf-lsm");
  },
};

/** In a kernel that was told to do without BPF LSM. */
export const refused: Suite = {
  "where the kernel does not take the engine, units of enforced domains do not start": () => {
    machine.run("systemctl", "is-system-running", "--wait");
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
    const set = machine.run("cofferdam", "settings", "set", "/UserVars/Engine", "bpf-lsm");
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
