import { existsSync, realpathSync } from "node:fs";
import { basename, dirname, join } from "node:path";
import { executableOf, readProc } from "../domains/proc-stat.ts";
import { unlessGone } from "../kernel/unless-gone.ts";
import type { Entry } from "../model/policy.ts";
import { launcherOf, type Places } from "./places.ts";
import { SSHD_DROP_IN } from "./shell-sandbox/sshd-drop-in.ts";
import { groupOfSlice } from "./units/unit-groups.ts";

/**
 * What enters no domain of the kernel's, whatever policies name: the agent, the commands and
 * programs of Cofferdam, and the host's first process. In a domain they would be refused what they
 * do for all the others, bpf(2) first. Nor does sshd enter while its sessions are to get the
 * sandboxed shell, which is refused to a process in a domain: nobody could log in. A transition
 * may lead into another domain by the same programs, because it concerns processes in a domain
 * alone.
 */

export const AGENT = "cofferdam-agent.service";
const AGENTS_GROUP = `/system.slice/${AGENT}`;
const FIRST_GROUP = "/init.scope";
/** What process 1 executes at each `systemctl daemon-reexec`. */
const SYSTEMD = "/usr/lib/systemd/systemd";

/** Of the packages of Debian and of others. */
export const SSHD_UNITS = ["ssh.service", "sshd.service"];
export const SSHD_PROGRAMS = ["/usr/sbin/sshd", "/usr/lib/openssh/sshd-session"];
const NO_SHELL =
  "/UserVars/ShellSandboxEnabled gives every login the sandboxed shell, which sessions in a " +
  "domain do not get";

/**
 * Since systemd 254 process 1 executes it in the unit's control group, and it executes the unit's
 * command when user, limits and namespaces are set.
 */
export const SYSTEMD_EXECUTOR = "/usr/lib/systemd/systemd-executor";

/** As the kernel names the file, whether or not it is there. */
export function inKernel(path: string): string {
  const folder = unlessGone(() => realpathSync(dirname(path))) ?? dirname(path);
  return unlessGone(() => realpathSync(path)) ?? join(folder, basename(path));
}

/** Each answers why no entry leads into a domain by that, or null if one may. */
export interface KeptOutside {
  /** By the kernel's name. */
  file(path: string): string | null;
  /** A control group, with those below it. */
  group(path: string): string | null;
}

/** What the answers depend on. */
interface Now {
  /** The control group of this process, which counts if that is the agent. */
  readonly own: string;
  /** Every login by ssh begins in the sandboxed shell. */
  readonly sandboxesLogins: boolean;
}

function now(): Now {
  return { own: ownGroup(), sandboxesLogins: existsSync(SSHD_DROP_IN) };
}

/** Looked up once. */
export function keptOutside(
  places: Pick<Places, "home">,
  { own, sandboxesLogins }: Now = now(),
): KeptOutside {
  const isFirst = "the host's first process executes it";
  const files = new Map([
    [inKernel(SYSTEMD_EXECUTOR), "systemd executes it before the command of every unit"],
    [inKernel(SYSTEMD), isFirst],
    [executableOf(1) ?? inKernel(SYSTEMD), isFirst],
    [
      inKernel(process.execPath),
      "Cofferdam's agent and commands run in it; a daemon that does enters by its unit",
    ],
  ]);
  if (sandboxesLogins) for (const path of SSHD_PROGRAMS) files.set(inKernel(path), NO_SHELL);
  const programs = inKernel(dirname(launcherOf(places)));
  const agents = basename(own) === AGENT ? own : AGENTS_GROUP;
  return {
    file: (path) =>
      files.get(path) ??
      (path.startsWith(`${programs}/`) ? "it is a program of Cofferdam's" : null),
    group: (path) => {
      const holds = (other: string) => other === path || other.startsWith(`${path}/`);
      if (basename(path) === AGENT || holds(agents)) return "Cofferdam's agent is in it";
      if (sandboxesLogins && SSHD_UNITS.some((unit) => holds(`/system.slice/${unit}`)))
        return NO_SHELL;
      return holds(FIRST_GROUP) ? "the host's first process is in it" : null;
    },
  };
}

/** What is known of an entry without asking systemd where the unit's group is. */
export function whyKeptOutside(places: Pick<Places, "home">, entry: Entry): string | null {
  const kept = keptOutside(places);
  return entry.kind === "exec"
    ? kept.file(inKernel(entry.path))
    : kept.group(groupNamed(entry.unit));
}

/** Where systemd puts the unit unless it is told otherwise. */
function groupNamed(unit: string): string {
  if (unit.endsWith(".slice")) return groupOfSlice(unit);
  return unit === basename(FIRST_GROUP) ? FIRST_GROUP : `/system.slice/${unit}`;
}

function ownGroup(): string {
  return /^0::(.*)$/m.exec(readProc("/proc/self/cgroup") ?? "")?.[1] ?? "";
}
