import { dirname } from "node:path";
import type { By } from "../events/audit-catalogue.ts";
import { auditEvent, failedEvent, theHost } from "../events/audit-event.ts";
import { openEventLog } from "../events/log/event-log.ts";
import { asker } from "./asker.ts";
import { ENGINE_KEY, engineRemark, engineSetting, engineSettings } from "./engine.ts";
import { HostError } from "./host-error.ts";
import { prepareEngine } from "./lsm-entries.ts";
import type { Places } from "./places.ts";
import type { PreparedChange } from "./setting-change.ts";
import { prepareOff, prepareOn, shellSandboxState } from "./shell-sandbox/shell-sandbox.ts";
import { asksReason, prepareReason } from "./supershell-reason.ts";

/** Numbers as ESXi has them, or words. */
type Value = number | string;

export interface Setting {
  readonly key: string;
  readonly summary: string;
  readonly values: readonly Value[];
}

export interface SettingValue extends Setting {
  readonly value: Value;
  /** What the value alone does not tell, or null. */
  readonly remark: string | null;
}

export interface ChangedSetting extends SettingValue {
  readonly before: Value;
  /** What the administrator must know or do, a sentence each. */
  readonly next: readonly string[];
}

/**
 * How a setting is read from the host and put into force. Its value is stored only in the host's
 * own configuration.
 */
interface Kept<V extends Value> extends Setting {
  readonly values: readonly V[];
  read(places: Places): { readonly value: V; readonly remark: string | null };
  prepare(places: Places, value: V, by: By): Promise<PreparedChange>;
}

/** A setting whose values are of one kind, among others. */
function setting<V extends Value>(one: Kept<V>): Kept<Value> {
  return one as unknown as Kept<Value>;
}

const noOrYes = [0, 1] as const;

const kept: readonly Kept<Value>[] = [
  setting({
    key: "/UserVars/ShellSandboxEnabled",
    summary: "logins start in the domain `shell`: 0 no, 1 yes",
    values: noOrYes,
    read: (places) => {
      const state = shellSandboxState(places);
      const remark = "part of it is in place, or of another version: set it again to 0 or 1";
      return { value: state === "on" ? 1 : 0, remark: state === "half" ? remark : null };
    },
    prepare: async (places, value, { uid }) =>
      value === 1 ? prepareOn(places, uid) : prepareOff(),
  }),
  setting({
    key: "/UserVars/SupershellAsksReason",
    summary: "supershell needs a --reason: 0 no, 1 yes",
    values: noOrYes,
    read: (places) => ({ value: asksReason(places) ? 1 : 0, remark: null }),
    prepare: async (places, value) => prepareReason(places, value === 1),
  }),
  setting({
    key: ENGINE_KEY,
    summary:
      "what does `enter`: landlock (the launcher alone), bpf-lsm (the kernel; experimental), or " +
      "auto (bpf-lsm where it can be)",
    values: engineSettings,
    read: (places) => ({ value: engineSetting(places), remark: engineRemark(places) }),
    prepare: async (places, value) => prepareEngine(places, value),
  }),
];

export const settings: readonly Setting[] = kept.map(({ key, summary, values }) => ({
  key,
  summary,
  values,
}));

export function readSettings(places: Places): readonly SettingValue[] {
  return kept.map((setting) => withValue(places, setting));
}

/** @throws HostError for an unknown key */
export function readSetting(places: Places, key: string): SettingValue {
  return withValue(places, find(key));
}

/**
 * Tries what can fail, then writes the audit event, then puts the value into force. Setting the
 * same value again repairs changes made by hand.
 * @throws HostError with nothing changed, for an invalid value, for an obstacle, and for every user
 * except root
 */
export async function writeSetting(
  places: Places,
  key: string,
  text: string,
): Promise<ChangedSetting> {
  const setting = find(key);
  const value = setting.values.find((one) => String(one) === text);
  if (value === undefined)
    throw new HostError(
      `\`${text}\` is not a value of ${key}`,
      `give one of these: ${setting.values.join(", ")}`,
    );
  if (!places.asRoot) throw new HostError("settings are the host's", "change them as root");
  const before = withValue(places, setting).value;
  const by = asker();
  const change = await prepared(setting.prepare(places, value, by));
  const untold = await carryOut(places, change, `${key} from ${before} to ${value}`, by);
  return { ...withValue(places, setting), before, next: [...change.next, ...untold] };
}

async function prepared(change: Promise<PreparedChange>): Promise<PreparedChange> {
  try {
    return await change;
  } catch (error) {
    if (!(error instanceof HostError)) throw error;
    throw new HostError(error.message, `nothing was changed; ${error.help}`, error.exitCode);
  }
}

/** Returns what the audit event could not record, for a change that goes through all the same. */
async function carryOut(
  places: Places,
  change: PreparedChange,
  what: string,
  by: By,
): Promise<readonly string[]> {
  const log = openEventLog(dirname(places.events));
  if (change.isRescue) await change.place();
  log.append(auditEvent(theHost, "set", what, by));
  const { problem } = log;
  try {
    if (problem === null && !change.isRescue) await change.place();
  } catch (error) {
    const why = error instanceof Error ? error.message : String(error);
    log.append(failedEvent(theHost, "set", `${what}: ${why}`));
    throw new HostError(`it could not be put in place: ${why}`, "nothing was changed");
  } finally {
    log.close();
  }
  if (problem === null) return [];
  if (change.isRescue) return [`it is done, but no event could be written of it: ${problem}`];
  change.discard();
  throw new HostError(
    `the event log cannot be written: ${problem}`,
    "nothing was changed, because the change could not be logged",
  );
}

function withValue(places: Places, { key, summary, values, read }: Kept<Value>): SettingValue {
  return { key, summary, values, ...read(places) };
}

function find(key: string): Kept<Value> {
  const found = kept.find((setting) => setting.key === key);
  if (found !== undefined) return found;
  throw new HostError(
    `no setting is called \`${key}\``,
    "cofferdam settings list shows all of them",
  );
}
