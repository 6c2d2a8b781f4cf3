/**
 * A step of what `through.ts` has a virtual machine do: `outside NAME ENTRY`, `engine NAME...` or
 * `held NAME ENTRY`. Prints what was seen as JSON, and ends with 1 and the reason where it does not
 * go as it should.
 */
import { mkdirSync, writeFileSync } from "node:fs";
import { uptime } from "node:os";
import { dirname } from "node:path";
import { VERSION } from "../../../src/cli/version.ts";
import { kernelMembers } from "../../../src/host/kernel-members.ts";
import { systemPlaces } from "../../../src/host/places.ts";
import type { Level } from "../../../src/model/level.ts";
import { clone } from "../../package/packages.ts";
import { daemonMachine } from "../../vm/debian/guest/daemon-machine.ts";
import { Machine, SHIPPED } from "../../vm/debian/guest/machine.ts";
import { tryBreakIns } from "../break-ins.ts";
import { readDaemon } from "../daemon.ts";
import type { DaemonHost } from "../daemon-host.ts";
import { OnHost } from "../on-host.ts";
import { GO, LAST_BEGIN, SEEN } from "./place.ts";

/**
 * An emulated machine. Who hears nothing that long hardly will, and others wait for the machine.
 */
const ANSWER_MS = 300_000;

/** Asks the kernel itself: a command takes a busy emulated machine ten seconds. */
class AskingMachine extends Machine {
  override domainOf(pid: string): string {
    const process = Number(pid);
    return kernelMembers({ system: systemPlaces() }, [process]).get(process)?.domain ?? "";
  }
}

const machine = new AskingMachine();
const host: DaemonHost = { ...daemonMachine, booted: machine, answerMs: ANSWER_MS, giveLevel };

/** Asks the agent itself, for the same reason. */
function giveLevel(domain: string, level: Level): void {
  const { control } = systemPlaces();
  const asked = ["--request", "PUT", "--json", JSON.stringify({ level })];
  const where = ["--unix-socket", control, `http://agent/v1/domains/${domain}/level`];
  machine.must("curl", "--silent", "--show-error", "--fail-with-body", ...asked, ...where);
}

const [what, ...given] = process.argv.slice(2);
const [name = "", entry] = given;

function attachEngine(domains: readonly string[]): void {
  machine.installFor(VERSION, domains);
  // The clone's as they are now: a package has what git knows.
  for (const one of ["abstractions/.", ...domains.map((name) => `${name}.yaml`)])
    machine.sh('cp -r "$1/domains/$2" "$3/$2"', clone, one, SHIPPED);
  machine.useEngine("bpf-lsm");
  const doctor = machine.run("cofferdam", "doctor").out;
  if (!/^engine +bpf-lsm/m.test(doctor)) throw new Error(doctor);
}

async function step(): Promise<object> {
  if (what === "engine") {
    attachEngine(given);
    return {};
  }
  if (uptime() > Number(process.env[LAST_BEGIN]))
    throw new Error("the machine had no time left for it");
  const one = new OnHost(host, readDaemon(name));
  one.prepare();
  const { unit } = one.daemon;
  if (what === "outside") {
    mkdirSync(dirname(GO), { recursive: true });
    writeFileSync(GO, "");
    machine.sh("systemctl daemon-reload");
    await one.outside();
    machine.sh('systemctl stop "$1"', unit);
    one.clear();
    return {};
  }
  try {
    await one.inKernel(entry === "launcher");
    const told = one.told();
    const seen = { version: one.version(), told, tried: tryBreakIns(host, one.daemon) };
    machine.announce(`${SEEN}${name} ${JSON.stringify(seen)}`);
    return seen;
  } finally {
    // The next daemon may want its ports, whatever became of it.
    machine.run("systemctl", "stop", unit);
    one.clear();
  }
}

try {
  process.stdout.write(`${JSON.stringify(await step())}\n`);
} catch (error) {
  const why = error instanceof Error ? error.message : String(error);
  process.stdout.write(`${why}\n`);
  machine.announce(`${what} ${name}: ${why}`);
  process.exitCode = 1;
}
