import { readFileSync } from "node:fs";
import { expect } from "vitest";
import { VERSION } from "../../../../src/cli/version.ts";
import type { Suite } from "../suite.ts";
import { ANSWERS, asked, DENIED, GRANTED, HELD, OPEN, writeAnswers } from "./answerer.ts";
import { machine } from "./machine.ts";

/**
 * Domains, and their units. `plain` would enter in the kernel by itself; its user and mounts are
 * not the host's. The others cannot: a command of `part` is outside, and `many@` is a template.
 */
const [PLAIN, PART, MANY] = ["plain", "part", "many"];
const INSTANCE = "many@1";
/** Units by domain. */
const inDomains = { plain: PLAIN, part: PART, many: INSTANCE };

const policy = (unit: string, more = "", outside = "") => `enter:
  - unit: ${unit}.service${outside}
level: enforcing
include: [base]
files:
  - rx /usr/bin/dash /usr/bin/mkfifo
  - r ${ANSWERS} ${GRANTED}
  - rwcd /run/answers-*/**
inherit: [stdio, stdio-sockets]
syscalls: ["@system-service"]
${more}`;

const unit = (folder: string, more = "") => `[Service]
RuntimeDirectory=answers-${folder}
ExecStartPre=mkfifo /run/answers-${folder}/asked
ExecStart=/usr/bin/dash ${ANSWERS} /run/answers-${folder}
${more}[Install]
WantedBy=multi-user.target
`;

function write(domain: string, unit: string, text: string, rules: string): void {
  machine.write(`/etc/systemd/system/${unit}.service`, text);
  machine.write(`/etc/cofferdam/domains/${domain}.yaml`, rules);
}

const answers = (): readonly string[] => [PLAIN, PART, "1"].map((name) => asked(`answers-${name}`));

interface Shown {
  readonly confinement: unknown;
}

/** Of the domain's only process. */
function confinement(domain: string): unknown {
  const shown = JSON.parse(machine.done("ps", "--json", domain)) as readonly Shown[];
  expect(shown, domain).toHaveLength(1);
  return shown[0]?.confinement;
}

function statusOf(name: string, key: string): string | undefined {
  const text = readFileSync(`/proc/${machine.mainPid(name)}/status`, "utf8");
  return new RegExp(`^${key}:\\t(.*)$`, "m").exec(text)?.[1];
}

export const launched: Suite = {
  "units are enabled, and the output says what that adds": () => {
    machine.install(VERSION);
    writeAnswers();
    const outside = "\n    outside: [ExecStartPre]";
    // Only a command that stays outside may copy that.
    const copies = `ExecStartPre=cp ${DENIED} /run/answers-${PART}/copied\n`;
    const ofDaemon = "User=daemon\nPrivateTmp=yes\n";
    write(PLAIN, PLAIN, unit(PLAIN, ofDaemon), policy(PLAIN, "user: daemon\n"));
    write(PART, PART, unit(PART, copies), policy(PART, "", outside));
    write(MANY, `${MANY}@`, unit("%i"), policy(`${MANY}@`));
    machine.waitAtBoots();
    machine.must("systemctl", "--quiet", "enable", PLAIN, PART, INSTANCE);
    machine.useEngine("bpf-lsm");
    const told = machine.done("unit", "enable", PLAIN, PART, `${MANY}@`);
    expect(told.replaceAll(/\s+/g, " ")).toMatch(
      /adds a filter of system calls at level enforcing/,
    );
    machine.must("systemctl", "restart", PLAIN, PART, INSTANCE);
  },

  "each is in its domain in the kernel, with the filter and nothing beside it": () => {
    expect(answers()).toEqual([HELD, HELD, HELD]);
    for (const [domain, name] of Object.entries(inDomains)) {
      expect(confinement(domain), domain).toMatchObject({
        ...{ domain, engine: "bpf-lsm", level: "enforcing", filter: "installed" },
      });
      expect(statusOf(name, "Seccomp"), name).toBe("2");
      expect(statusOf(name, "NoNewPrivs"), name).toBe("0");
      expect(machine.show(name, "NRestarts")).toBe("0");
    }
    expect(statusOf(PLAIN, "Uid")).toMatch(/^1\t1\t1\t1$/);
    machine.must("cmp", DENIED, `/run/answers-${PART}/copied`);
    expect(machine.done("unit", "status")).toMatch(
      /plain\.service +plain +enabled +process \d+ in plain/,
    );
  },

  "levels are live, and the filter of the level comes with a restart": () => {
    const pid = machine.mainPid(INSTANCE);
    for (const name of [PLAIN, MANY]) machine.done("domain", "level", name, "warning");
    expect(answers()).toEqual([OPEN, HELD, OPEN]);
    expect(machine.mainPid(INSTANCE)).toBe(pid);
    expect(machine.done("domain", "list")).toMatch(/plain +warning +bpf-lsm +- +live, filter/);
    machine.must("systemctl", "restart", INSTANCE);
    expect(confinement(MANY)).toMatchObject({ level: "warning", filter: "none" });
    expect(statusOf(INSTANCE, "Seccomp")).toBe("0");
    for (const name of [PLAIN, MANY]) machine.done("domain", "level", name, "enforcing");
    expect(answers()).toEqual([HELD, HELD, HELD]);
  },

  "no agent is needed for what runs, and a start begins one": () => {
    machine.must("systemctl", "kill", "--signal=KILL", "cofferdam-agent");
    expect(answers()).toEqual([HELD, HELD, HELD]);
    machine.must("systemctl", "restart", PLAIN);
    expect(answers()).toEqual([HELD, HELD, HELD]);
  },

  "without an agent a unit does not start, and says why": () => {
    machine.stopAgent();
    // systemd waits for no more than that the launcher runs.
    machine.run("systemctl", "restart", PART);
    machine.sh('until systemctl is-failed --quiet "$1"; do sleep 0.2; done', PART);
    machine.sh("journalctl -u part | grep -q 'nothing is started outside its domain'");
    machine.startAgent();
    machine.must("systemctl", "reset-failed", PART);
    machine.must("systemctl", "restart", PART);
    expect(answers()).toEqual([HELD, HELD, HELD]);
  },
};

export const restarted: Suite = {
  "after a boot each is in its domain again": () => {
    machine.run("systemctl", "is-system-running", "--wait");
    expect(answers()).toEqual([HELD, HELD, HELD]);
    for (const domain of Object.keys(inDomains))
      expect(confinement(domain), domain).toMatchObject({ engine: "bpf-lsm", filter: "installed" });
  },

  "a disabled unit starts outside until the agent asks systemd again": () => {
    expect(machine.done("unit", "disable", "--now", PLAIN)).toMatch(/domain reload lets it enter/);
    expect(asked(`answers-${PLAIN}`)).toBe(OPEN);
    machine.done("domain", "reload");
    machine.must("systemctl", "restart", PLAIN);
    expect(confinement(PLAIN)).toMatchObject({ engine: "bpf-lsm", filter: null });
    expect(asked(`answers-${PLAIN}`)).toBe(HELD);
  },
};
