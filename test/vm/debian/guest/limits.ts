import { existsSync, mkdirSync, readFileSync } from "node:fs";
import { expect } from "vitest";
import { VERSION } from "../../../../src/cli/version.ts";
import type { Suite } from "../suite.ts";
import { machine } from "./machine.ts";

const LOAD = "/usr/local/bin/load";
const SAID = "/var/lib/said";

/** Where a daemon runs; each case compares what its unit does there. */
const places = ["outside", "sealed", "supervised"] as const;
type Place = (typeof places)[number];
const domains: readonly Place[] = ["sealed", "supervised"];

/** In a machine with gigabytes nothing but these limits ends anything. */
const memory = (policy: string) => `MemoryMax=64M\nOOMPolicy=${policy}\n`;
const family = (mode: string) => `KillMode=${mode}\nTimeoutStopSec=2\n`;

/** Settings by case, which is also what `load.c` does. */
const cases = {
  tasks: "TasksMax=8\n",
  "oom-stop": memory("stop"),
  "oom-continue": memory("continue"),
  "oom-kill": memory("kill"),
  "kill-group": family("control-group"),
  "kill-mixed": family("mixed"),
  "kill-process": family("process"),
  numbers: "CPUQuota=20%\nIPAccounting=yes\n",
  address: "IPAddressDeny=127.0.0.0/8\n",
  journal: "StandardOutput=journal\n",
} as const;
type Case = keyof typeof cases;

/** An instance of the place's template, so that two units are enabled and not one for each case. */
const unitOf = (name: Case, place: Place): string => `${place}@${name}.service`;

const policy = (place: Place) => `enter: [{ unit: "${place}@.service" }]
level: enforcing
mediation: ${place}
include: [base]
files: [rx ${LOAD}]
network: [connect udp 127.0.0.1:9]
inherit: [stdio, stdio-sockets]
signals: [self]
syscalls: ["@system-service"]
`;

const template = (place: Place) => `[Service]
StandardOutput=truncate:${SAID}/${place}@%i.service
ExecStart=${LOAD} %i
`;

function writeUnits(): void {
  mkdirSync(SAID, { recursive: true });
  for (const place of places) {
    machine.write(`/etc/systemd/system/${place}@.service`, template(place));
    for (const [name, settings] of Object.entries(cases))
      machine.write(
        `/etc/systemd/system/${unitOf(name as Case, place)}.d/limits.conf`,
        `[Service]\n${settings}`,
      );
  }
  machine.must("systemctl", "daemon-reload");
}

/** What a daemon has said; the empty string before its first whole line. */
function said(unit: string): string {
  const file = `${SAID}/${unit}`;
  const text = existsSync(file) ? readFileSync(file, "utf8") : "";
  return text.endsWith("\n") ? text.trim() : "";
}

const wait = `
until grep -q "$3" "$2"; do
  case $(systemctl is-active "$1") in
    active | activating) sleep 0.2 ;;
    *) systemctl status --no-pager --full "$1"; cat "$2"; exit 1 ;;
  esac
done`;

/** Waits until it has said a line with this; it must run until then. */
function hears(unit: string, word: string): void {
  machine.sh(wait, unit, `${SAID}/${unit}`, word);
}

function isInItsDomain(unit: string, place: Place): void {
  const expected = place === "outside" ? "" : place;
  expect(machine.domainOf(machine.mainPid(unit)), unit).toBe(expected);
}

/** Starts the units of a case, and stops them afterwards. */
function inEachPlace<Seen>(
  name: Case,
  look: (unit: string, place: Place) => Seen,
): readonly (readonly [Place, Seen])[] {
  const units = places.map((place) => unitOf(name, place));
  try {
    machine.must("systemctl", "start", ...units);
    return places.map((place) => [place, look(unitOf(name, place), place)] as const);
  } finally {
    machine.run("systemctl", "stop", ...units);
  }
}

/** Of the unit's tasks, those that are not the daemon's: in a domain its holder. */
const holders = (place: Place): number => (place === "outside" ? 0 : 1);

/** The same in all places. */
const everywhere = <Seen>(seen: Seen) => places.map((place) => [place, seen]);

/** A file of the unit's own control group. */
function ofGroup(unit: string, file: string): string {
  return machine.sh('cat "/sys/fs/cgroup$1/$2"', machine.show(unit, "ControlGroup"), file);
}

const numberIn = (text: string, name: string): number =>
  Number(new RegExp(`^${name} (\\d+)$`, "m").exec(text)?.[1]);

/** What `systemctl status` says of the unit's use of something, once for each name. */
function statusLines(unit: string, ...names: readonly string[]): readonly string[] {
  const lines = machine.sh('systemctl status --no-pager "$1"', unit).split("\n");
  return names.map((name) => lines.find((line) => line.includes(`${name}: `))?.trim() ?? "");
}

/** How a unit ends whose child was killed for memory. */
function whenKilled(name: Case) {
  return inEachPlace(name, (unit) => {
    machine.sh(
      `until [ "$(systemctl show -P ActiveState "$1")" = failed ]; do sleep 0.2; done`,
      unit,
    );
    return { result: machine.show(unit, "Result"), state: machine.show(unit, "ActiveState") };
  });
}

/** By the names under which they have said their process ids: which outlive the unit. */
function survivors(name: Case) {
  const members = inEachPlace(name, (unit, place) => {
    for (const member of ["main", "session", "deaf"]) hears(unit, member);
    isInItsDomain(unit, place);
    return said(unit)
      .split("\n")
      .map((line) => line.split(" "));
  });
  return members.map(([place, family]) => {
    const alive = family.filter(([, pid]) => existsSync(`/proc/${pid}`));
    for (const [, pid] of alive) machine.must("kill", "-KILL", String(pid));
    return [place, alive.map(([member]) => member).sort()];
  });
}

export const limits: Suite = {
  "units of two templates are enabled, each in its domain": () => {
    machine.install(VERSION);
    writeUnits();
    for (const place of domains)
      machine.write(`/etc/cofferdam/domains/${place}.yaml`, policy(place));
    machine.done("domain", "reload");
    machine.done("unit", "enable", ...domains.map((place) => `${place}@.service`));
  },

  "TasksMax=: as many forks as leave room for the holder, then EAGAIN": () => {
    const seen = inEachPlace("tasks", (unit, place) => {
      hears(unit, "forks");
      isInItsDomain(unit, place);
      return {
        said: said(unit),
        current: machine.show(unit, "TasksCurrent"),
        status: statusLines(unit, "Tasks"),
        refused: numberIn(ofGroup(unit, "pids.events"), "max") > 0,
      };
    });
    const full = { current: "8", refused: true, status: ["Tasks: 8 (limit: 8)"] };
    expect(seen).toEqual(
      places.map((place) => [place, { said: `${7 - holders(place)} forks, then EAGAIN`, ...full }]),
    );
  },

  "MemoryMax= and OOMPolicy=stop: the unit is stopped, its result is oom-kill": () => {
    expect(whenKilled("oom-stop")).toEqual(everywhere({ result: "oom-kill", state: "failed" }));
  },

  "MemoryMax= and OOMPolicy=kill: all die at once, the result is oom-kill": () => {
    expect(whenKilled("oom-kill")).toEqual(everywhere({ result: "oom-kill", state: "failed" }));
  },

  "MemoryMax= and OOMPolicy=continue: one process is killed, the unit goes on": () => {
    const seen = inEachPlace("oom-continue", (unit, place) => {
      hears(unit, "child");
      isInItsDomain(unit, place);
      return {
        said: said(unit),
        state: machine.show(unit, "ActiveState"),
        killed: numberIn(ofGroup(unit, "memory.events"), "oom_kill"),
        status: statusLines(unit, "Memory").every((line) => line.includes("(max: 64M")),
      };
    });
    const one = { said: "child: signal 9", state: "active", killed: 1, status: true };
    expect(seen).toEqual(everywhere(one));
  },

  "KillMode=control-group: a stop ends children that left, and those that ignore it": () => {
    expect(survivors("kill-group")).toEqual(everywhere([]));
  },

  "KillMode=mixed: a stop ends them, too": () => {
    expect(survivors("kill-mixed")).toEqual(everywhere([]));
  },

  "KillMode=process: a stop leaves the children, in the domain": () => {
    expect(survivors("kill-process")).toEqual(everywhere(["deaf", "session"]));
  },

  "accounting: what the daemon used of processor, memory and network; CPUQuota= slows it": () => {
    const seen = inEachPlace("numbers", (unit, place) => {
      hears(unit, "worked");
      isInItsDomain(unit, place);
      const used = (property: string) => Number(machine.show(unit, property));
      return {
        said: said(unit),
        tasks: used("TasksCurrent") - holders(place),
        processor: used("CPUUsageNSec") > 400e6,
        memory: used("MemoryCurrent") > 40e6 && used("MemoryPeak") > 40e6,
        network: used("IPEgressBytes") > 100 && used("IPEgressPackets") > 10,
        throttled: numberIn(ofGroup(unit, "cpu.stat"), "nr_throttled") > 0,
        status: statusLines(unit, "Tasks", "Memory", "CPU", "IP").every((line) => line !== ""),
      };
    });
    const numbers = { tasks: 1, processor: true, memory: true, network: true, throttled: true };
    expect(seen).toEqual(everywhere({ said: "worked, sent some", ...numbers, status: true }));
  },

  "IPAddressDeny=: an address that the policy grants is refused": () => {
    const seen = inEachPlace("address", (unit, place) => {
      hears(unit, "sent");
      isInItsDomain(unit, place);
      return said(unit);
    });
    expect(seen).toEqual(everywhere("sent none: Operation not permitted"));
  },

  "the journal knows the unit of each line, also of a child in a session of its own": () => {
    const seen = inEachPlace("journal", (unit, place) => {
      const lines = `journalctl --quiet --output=cat --grep="^said by" "_SYSTEMD_UNIT=$1"`;
      machine.sh(`until [ "$(${lines} | wc -l)" = 2 ]; do sleep 0.5; done`, unit);
      isInItsDomain(unit, place);
      return machine.sh(lines, unit).trim().split("\n").sort();
    });
    expect(seen).toEqual(everywhere(["said by its child", "said by the daemon"]));
  },

  "without a ready plan, as after a boot: limits that are the daemon's do not hold its start":
    () => {
      const ends = { tasks: "forks", "oom-continue": "child" } as const;
      for (const [name, word] of Object.entries(ends)) {
        machine.sh("rm -f /run/cofferdam/plans/*");
        const states = inEachPlace(name as Case, (unit) => {
          machine.sh(
            `until grep -q "$3" "$2" || [ "$(systemctl show -P ActiveState "$1")" = failed ]
            do sleep 0.2; done`,
            unit,
            `${SAID}/${unit}`,
            word,
          );
          return machine.show(unit, "ActiveState");
        });
        expect(states).toEqual(everywhere("active"));
      }
    },
};
