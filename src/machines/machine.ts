import { readdirSync, rmSync } from "node:fs";
import { join } from "node:path";
import { PRIVATE_FILE, PUBLIC_FILE, PUBLIC_FOLDER } from "../base/modes.ts";
import { readJson } from "../base/read-json.ts";
import * as is from "../base/schema.ts";
import { ExitCode } from "../host/exit-code.ts";
import { HostError } from "../host/host-error.ts";
import type { MachinePlaces } from "../host/machine-places.ts";
import { writeWhole } from "../host/write-whole.ts";
import { hasCode } from "../kernel/errno-error.ts";
import { readIfThere } from "../kernel/read-if-there.ts";
import { parseDomainName } from "../policy/names.ts";
import { placedSchema } from "./placed-schema.ts";

const machine = is.object({
  name: is.text,
  /** The process id of `cofferdam vm run`. */
  pid: is.whole(),
  program: is.text,
  /**
   * The arguments as given; the emulator gets them without the options for QMP, and with one for
   * the proxy.
   */
  args: is.list(is.text),
  /** The base of relative names. */
  folder: is.text,
  user: is.nullable(is.text),
  placed: placedSchema,
});

/** A running machine, as `cofferdam vm show` and the proxy read it. */
export type Machine = is.Described<typeof machine>;

const MODES = { file: PUBLIC_FILE, folder: PUBLIC_FOLDER };
/** Only root may read the state, because it names the machine's disks. */
const STATE_MODES = { file: PRIVATE_FILE, folder: PUBLIC_FOLDER };

export const domainOf = (name: string): string => `vm@${name}`;

/** The name of the machine that the domain belongs to; null if it belongs to none. */
export const machineOf = (domain: string): string | null =>
  domain.startsWith("vm@") ? domain.slice(3) : null;

/** @throws HostError for a word that cannot be a machine's name */
export function machineName(word: string): string {
  const parsed = parseDomainName(domainOf(word));
  if (parsed?.instance === word && word !== "" && !word.includes("@")) return word;
  throw new HostError(
    `\`${word}\` cannot be the name of a machine`,
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

export function writeMachine(places: MachinePlaces, written: Machine): void {
  writeWhole(
    stateFile(places, written.name),
    Buffer.from(`${JSON.stringify(written)}\n`),
    STATE_MODES,
  );
}

/** null if the machine is off. @throws HostError if its file is broken */
export function readMachine(places: MachinePlaces, name: string): Machine | null {
  const file = stateFile(places, name);
  const text = readIfThere(file);
  if (text === null) return null;
  const read = readJson(machine, text);
  if (read.state === "good") return read.value;
  throw new HostError(
    `${file} is broken: ${read.problem}`,
    `power machine ${name} off, then on again: cofferdam vm run`,
  );
}

export function machineNames(places: MachinePlaces): readonly string[] {
  try {
    const files = readdirSync(places.running).filter((file) => file.endsWith(".json"));
    return files.map((file) => file.slice(0, -".json".length)).sort();
  } catch (error) {
    if (hasCode(error, "ENOENT")) return [];
    throw error;
  }
}

/** Removes everything about the machine but the record of what was accepted. */
export function forgetMachine(places: MachinePlaces, name: string): void {
  for (const file of [policyFile(places, name), stateFile(places, name)])
    rmSync(file, { force: true });
  rmSync(join(places.sockets, name), { recursive: true, force: true });
}
