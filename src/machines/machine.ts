import { readdirSync, readFileSync, rmSync } from "node:fs";
import { join } from "node:path";
import { ExitCode } from "../host/exit-code.ts";
import { HostError } from "../host/host-error.ts";
import type { MachinePlaces } from "../host/machine-places.ts";
import { writeWhole } from "../host/write-whole.ts";
import { hasCode } from "../kernel/errno-error.ts";
import { parseDomainName } from "../policy/names.ts";
import type { Placed } from "./place.ts";

/** A machine while it runs, as `cofferdam vm show` and the proxy see it. */
export interface Machine {
  readonly name: string;
  /** Of `cofferdam vm run`. */
  readonly pid: number;
  readonly program: string;
  /** As they were given; the emulator gets those of QMP taken out and the proxy's put in. */
  readonly args: readonly string[];
  /** What relative names start from. */
  readonly folder: string;
  readonly user: string | null;
  readonly placed: Placed;
}

const MODES = { file: 0o644, folder: 0o755 };
/** What is told of a machine names its disks: root's business. */
const STATE_MODES = { file: 0o600, folder: 0o755 };

export const domainOf = (name: string): string => `vm@${name}`;

/** Of the machine that a domain is made for; null for every other domain. */
export const machineOf = (domain: string): string | null =>
  domain.startsWith("vm@") ? domain.slice(3) : null;

/** @throws HostError for a word that can be no machine's name */
export function machineName(word: string): string {
  const parsed = parseDomainName(domainOf(word));
  if (parsed?.instance === word && word !== "" && !word.includes("@")) return word;
  throw new HostError(
    `\`${word}\` is no name of a machine`,
    "letters, digits, `_`, `.` and `-`, as in web1",
    ExitCode.usage,
  );
}

export function policyFile(places: MachinePlaces, name: string): string {
  return join(places.running, `${domainOf(name)}.yaml`);
}

export function writePolicy(places: MachinePlaces, name: string, text: string): void {
  writeWhole(policyFile(places, name), Buffer.from(text), MODES);
}

function stateFile(places: MachinePlaces, name: string): string {
  return join(places.running, `${name}.json`);
}

export function writeMachine(places: MachinePlaces, machine: Machine): void {
  writeWhole(
    stateFile(places, machine.name),
    Buffer.from(`${JSON.stringify(machine)}\n`),
    STATE_MODES,
  );
}

/** null where it does not run. */
export function readMachine(places: MachinePlaces, name: string): Machine | null {
  try {
    return JSON.parse(readFileSync(stateFile(places, name), "utf8")) as Machine;
  } catch (error) {
    if (hasCode(error, "ENOENT")) return null;
    throw error;
  }
}

/** Names of the machines that have a policy at the moment, sorted. */
export function machineNames(places: MachinePlaces): readonly string[] {
  try {
    const files = readdirSync(places.running).filter((file) => file.endsWith(".json"));
    return files.map((file) => file.slice(0, -".json".length)).sort();
  } catch (error) {
    if (hasCode(error, "ENOENT")) return [];
    throw error;
  }
}

/** Nothing of it is left but what was accepted. */
export function forgetMachine(places: MachinePlaces, name: string): void {
  for (const file of [policyFile(places, name), stateFile(places, name)])
    rmSync(file, { force: true });
  rmSync(join(places.sockets, name), { recursive: true, force: true });
}
