import { readFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { hasCode } from "../kernel/errno-error.ts";
import { HostError } from "./host-error.ts";
import type { Places } from "./places.ts";
import { modesFor, writeWhole } from "./write-whole.ts";

/** One setting of the host: a whole number. */
export interface Setting {
  readonly key: string;
  readonly summary: string;
  readonly standard: number;
  readonly least: number;
  readonly most: number;
  /** What a change does not do yet; null where it is in force at once. */
  readonly pending: string | null;
}

/** Every setting there is. */
export const settings: readonly Setting[] = [
  {
    key: "/UserVars/ShellSandboxEnabled",
    summary: "login shells start in the domain `shell`: 0 no, 1 yes",
    standard: 0,
    least: 0,
    most: 1,
    pending: "kept, but without effect in this version: shells are not put into a domain yet",
  },
];

export interface SettingValue extends Setting {
  readonly value: number;
}

export function settingsFile(places: Places): string {
  return join(dirname(places.system.numbers), "settings.json");
}

/** All settings with their values. @throws HostError for a file that is broken */
export function readSettings(places: Places): readonly SettingValue[] {
  const values = readValues(settingsFile(places));
  return settings.map((setting) => ({ ...setting, value: values[setting.key] ?? setting.standard }));
}

/** @throws HostError for a key that there is not */
export function readSetting(places: Places, key: string): SettingValue {
  const found = readSettings(places).find((setting) => setting.key === key);
  if (found !== undefined) return found;
  throw new HostError(`no setting is called \`${key}\``, "cofferdam settings list shows all of them");
}

/** @throws HostError for a value that does not fit, and for everybody but root */
export function writeSetting(places: Places, key: string, text: string): SettingValue {
  const setting = readSetting(places, key);
  const value = /^-?\d{1,9}$/.test(text) ? Number(text) : Number.NaN;
  if (!(value >= setting.least && value <= setting.most))
    throw new HostError(
      `\`${text}\` is no value of ${key}`,
      `give a whole number from ${setting.least} to ${setting.most}`,
    );
  if (!places.asRoot) throw new HostError("settings are the host's", "change them as root");
  const path = settingsFile(places);
  const values = { ...readValues(path), [key]: value };
  writeWhole(path, Buffer.from(`${JSON.stringify({ version: 1, values }, null, 1)}\n`), modesFor(0));
  return { ...setting, value };
}

function readValues(path: string): Readonly<Record<string, number>> {
  let text: string;
  try {
    text = readFileSync(path, "utf8");
  } catch (error) {
    if (hasCode(error, "ENOENT", "ENOTDIR")) return {};
    throw error;
  }
  const values = valuesIn(text);
  if (values !== null) return values;
  throw new HostError(`${path} holds no settings`, "remove it: all settings then have their standard values");
}

function valuesIn(text: string): Readonly<Record<string, number>> | null {
  try {
    const { version, values } = JSON.parse(text);
    const numbers = typeof values === "object" && values !== null && Object.values(values).every(Number.isSafeInteger);
    return version === 1 && numbers ? values : null;
  } catch (error) {
    if (error instanceof SyntaxError || error instanceof TypeError) return null;
    throw error;
  }
}
