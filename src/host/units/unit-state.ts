import { systemctl } from "./systemctl.ts";
import { parseProperties } from "./unit.ts";

/** What systemd knows of a running or failed service. */
export interface UnitState {
  readonly unit: string;
  /** `active`, `inactive`, `failed`, `activating`, `deactivating`, `reloading`, ... */
  readonly active: string;
  /** Within that: `running`, `auto-restart`, `exited`, ... */
  readonly sub: string;
  /**
   * `success`, or why the unit failed: `exit-code`, `signal`, `watchdog`, `start-limit-hit`, ...
   */
  readonly result: string;
  /** That systemd did by itself (`Restart=`). */
  readonly restarts: number;
  /** Its process id; null if it does not run, or systemd does not know it. */
  readonly mainPid: number | null;
  /** How the main process ended last, in words; null if that is not known. */
  readonly mainProcess: string | null;
  /** A start, stop or restart of it is under way or waits. */
  readonly hasJob: boolean;
  /** When it became active last, milliseconds since 1970; null if it never did. */
  readonly started: number | null;
}

const asked = [
  ...["ActiveState", "SubState", "Result", "NRestarts", "Job"],
  ...["ExecMainCode", "ExecMainStatus", "MainPID", "ActiveEnterTimestamp"],
];
/** systemctl(1): `Sun 2026-02-01 12:00:00.123456 UTC`. */
const TIMESTAMP = /^\S+ (\d{4}-\d\d-\d\d) (\d\d:\d\d:\d\d\.\d{3})\d* UTC$/;

/** @throws HostError if systemctl cannot be asked */
export function unitState(unit: string): UnitState {
  const { out } = systemctl(
    "show",
    "--timestamp=us+utc",
    `--property=${asked.join(",")}`,
    "--",
    unit,
  );
  return unitStateOf(unit, parseProperties(out));
}

/** Whether systemd finds a file of the unit's, also of one that is masked. */
export function isFound(unit: string): boolean {
  const { out } = systemctl("show", "--property=LoadState", "--value", "--", unit);
  return out.trim() !== "not-found";
}

export function unitStateOf(unit: string, properties: ReadonlyMap<string, string>): UnitState {
  const of = (name: string): string => properties.get(name) ?? "";
  return {
    unit,
    active: of("ActiveState"),
    sub: of("SubState"),
    result: of("Result"),
    restarts: Number(of("NRestarts")) || 0,
    mainPid: Number(of("MainPID")) || null,
    mainProcess: endOfProcess(of("ExecMainCode"), of("ExecMainStatus")),
    hasJob: of("Job") !== "" && of("Job") !== "0",
    started: timeOf(of("ActiveEnterTimestamp")),
  };
}

function timeOf(timestamp: string): number | null {
  const [, date, time] = TIMESTAMP.exec(timestamp) ?? [];
  return date === undefined ? null : Date.parse(`${date}T${time}Z`);
}

/** `code`: CLD_EXITED, CLD_KILLED or CLD_DUMPED (waitid(2)). */
function endOfProcess(code: string, status: string): string | null {
  if (code === "1") return `exited with status ${status}`;
  return code === "2" || code === "3" ? `was ended by signal ${status}` : null;
}

/** It runs as it should, or is about to. */
export function isUp({ active, sub, hasJob }: UnitState): boolean {
  if (sub === "auto-restart") return false;
  return hasJob || ["active", "reloading", "refreshing", "activating"].includes(active);
}

/** Why a unit is not up, or was restarted, in words that follow its name. */
export function howItEnded({ active, result, mainProcess }: UnitState): string {
  const why = result === "success" || result === "" ? "" : ` (${result})`;
  const process = mainProcess === null ? "" : `: its main process ${mainProcess}`;
  return `${active === "failed" ? "has failed" : "has ended"}${why}${process}`;
}
