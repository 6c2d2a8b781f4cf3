import { accessSync, constants, readFileSync, realpathSync, statSync } from "node:fs";
import { delimiter, join } from "node:path";
import { parseAccounts } from "../compile/accounts.ts";
import { ExitCode } from "../host/exit-code.ts";
import { HostError } from "../host/host-error.ts";
import type { Places } from "../host/places.ts";
import { hasCode } from "../kernel/errno-error.ts";
import { basePolicy, machinePolicy } from "./base-policy.ts";
import type { Description } from "./description.ts";
import type { Owner } from "./listen-for.ts";
import { domainOf, type Machine } from "./machine.ts";
import { monitorPath } from "./monitor-socket.ts";
import { type Placed, placeResources } from "./place.ts";
import { connectGrant, grantsOf, nameGrant } from "./policy.ts";
import { describeCommandLine } from "./qemu/command-line.ts";
import { type Accepted, differences, mergeAccepted, readAccepted } from "./record.ts";

/** The machine that was asked for. */
export interface Wanted {
  readonly name: string;
  readonly program: string;
  readonly args: readonly string[];
  /** The base of relative names. */
  readonly folder: string;
  /** null: the user that the policy says, or else the caller. */
  readonly user: string | null;
}

/** A machine that may be started; nothing of it exists yet. */
export interface Prepared {
  readonly machine: Machine;
  readonly description: Description;
  readonly policy: string;
  readonly accepted: Accepted;
  readonly owner: Owner;
}

/**
 * Reads the description and looks at the host. @throws HostError if the machine cannot be started
 */
export function prepare(places: Places, wanted: Wanted): Prepared {
  const description = describeCommandLine(wanted.args, wanted.folder);
  const placed = placeResources(description.resources);
  const accepted = acceptedNow(places, wanted.name, placed);
  const machine: Machine = {
    ...wanted,
    program: programPath(wanted.program),
    placed,
    pid: process.pid,
  };
  return {
    machine,
    description,
    accepted,
    policy: policyOf(places, machine),
    owner: accountOf(places, machine),
  };
}

/** The policy of a machine with these resources. @throws HostError */
export function policyOf(places: Places, machine: Machine): string {
  const base = basePolicy(places, domainOf(machine.name));
  const own = [
    nameGrant("rx", machine.program),
    connectGrant(monitorPath(places.system.machines, machine.name)),
    grantsOf(machine.placed),
  ];
  return machinePolicy(base, own, machine.user);
}

/** @throws HostError if names or images differ from what was accepted */
function acceptedNow(places: Places, name: string, now: Placed): Accepted {
  const before = readAccepted(places.system.machines.accepted, name);
  const changed = before === null ? [] : differences(before, now);
  if (changed.length > 0)
    throw new HostError(
      `machine ${name} is not as it was accepted: ${changed.join("; ")}`,
      `if you made the change: cofferdam vm accept ${name} -- COMMAND..., with the same ` +
        "command line",
      ExitCode.no,
    );
  return mergeAccepted(before, now);
}

/** Searches as execvp(3) does; the policy grants the file itself, so the name has no links. */
function programPath(word: string): string {
  const candidates = word.includes("/")
    ? [word]
    : (process.env.PATH ?? "").split(delimiter).map((folder) => join(folder, word));
  const found = candidates.find(isExecutable);
  if (found !== undefined) return realpathSync(found);
  throw new HostError(`there is no program ${word}`, "Debian: apt install qemu-system-x86");
}

function isExecutable(file: string): boolean {
  if (statSync(file, { throwIfNoEntry: false })?.isFile() !== true) return false;
  try {
    accessSync(file, constants.X_OK);
    return true;
  } catch (error) {
    if (hasCode(error, "EACCES")) return false;
    throw error;
  }
}

function accountOf(places: Places, { name, user }: Machine): Owner {
  const account = user ?? basePolicy(places, domainOf(name)).user;
  if (account === null) return { uid: 0, gid: 0 };
  const { users } = parseAccounts(readFileSync("/etc/passwd", "utf8"), "");
  const found = users.find((one) => one.name === account);
  if (found !== undefined) return found;
  throw new HostError(`there is no user ${account}`, "name one of /etc/passwd", ExitCode.usage);
}
