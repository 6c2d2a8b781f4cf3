import { readdirSync, rmdirSync, rmSync } from "node:fs";
import { basename, dirname } from "node:path";
import { printable } from "../../base/printable.ts";
import { readProcLink } from "../../domains/proc-stat.ts";
import { hasCode } from "../../kernel/errno-error.ts";
import { sleepFor } from "../../kernel/sleep.ts";
import { ExitCode } from "../exit-code.ts";
import { HostError } from "../host-error.ts";
import { modesFor, writeWhole } from "../write-whole.ts";
import { type DropIn, madeOf } from "./drop-in.ts";
import { ask, order, startAnew, systemctl } from "./systemctl.ts";
import { askable, isTemplate, parseProperties, readUnit, type Unit } from "./unit.ts";

/** Limit on quoted lines of `systemd-analyze verify` and of a restart. */
const SAID_MAX = 10;
/**
 * From systemd's start of the launcher to the daemon's first instruction, including a compilation.
 */
const SETTLE_WAIT_MAX_MS = 60_000;
const LOOK_AGAIN_MS = 50;
/** A daemon that lives this long has found what it needs for its start. */
const SETTLE_MS = 1_000;

/**
 * Installs a drop-in and has systemd read it. On failure the previous state is restored, and the
 * error says what failed.
 * @throws HostError
 */
export function putInForce(unit: Unit, dropIn: DropIn, restart: boolean): void {
  const before = unit.dropIn?.text ?? null;
  const complaintsBefore = new Set(complaints(unit.name));
  writeWhole(dropIn.path, Buffer.from(dropIn.text), modesFor(0));
  try {
    order("daemon-reload");
    requireVerified(unit.name, complaintsBefore);
    requireRead(unit.name, dropIn.path);
    if (restart) restartUnits(unit.name);
  } catch (error) {
    takeBack(unit, dropIn.path, before, restart);
    throw error;
  }
}

/**
 * Afterwards the unit is as it was without Cofferdam. @throws HostError for a drop-in that is not
 * Cofferdam's
 */
export function takeAway(unit: Unit, restart: boolean): void {
  if (unit.dropIn === null) return;
  requireOurs(unit.dropIn);
  removeDropIn(unit.dropIn.path);
  order("daemon-reload");
  if (restart) restartUnits(unit.name);
}

export function requireOurs({ path, text }: { path: string; text: string }): void {
  if (madeOf(text) === null)
    throw new HostError(
      `${path} was not written by \`cofferdam unit enable\``,
      "give that file another name",
    );
}

/** If restoring fails, too, the error says so: what is in force is then unknown. */
function takeBack(unit: Unit, path: string, before: string | null, restart: boolean): void {
  try {
    if (before === null) removeDropIn(path);
    else writeWhole(path, Buffer.from(before), modesFor(0));
    order("daemon-reload");
    if (restart && wasStopped(unit)) order("stop", "--", unit.name);
    else if (restart) restartUnits(unit.name);
  } catch (error) {
    if (!(error instanceof Error)) throw error;
    throw new HostError(
      `${unit.name} could not be restored: ${error.message}`,
      `look at ${path}, then: systemctl daemon-reload; systemctl restart ${unit.name}`,
    );
  }
}

function wasStopped({ name, properties }: Unit): boolean {
  return !isTemplate(name) && properties.get("ActiveState") !== "active";
}

/** With its folder, if that is empty then. */
function removeDropIn(path: string): void {
  rmSync(path, { force: true });
  try {
    if (readdirSync(dirname(path)).length === 0) rmdirSync(dirname(path));
  } catch (error) {
    if (!hasCode(error, "ENOENT", "ENOTEMPTY")) throw error;
  }
}

/** Lines of `systemd-analyze verify`, also about other units. */
function complaints(name: string): readonly string[] {
  const { err } = ask("systemd-analyze", ["verify", "--recursive-errors=no", askable(name)]);
  return err.split("\n").filter((line) => line.trim() !== "");
}

function requireVerified(name: string, before: ReadonlySet<string>): void {
  const added = complaints(name).filter((line) => !before.has(line));
  if (added.length === 0) return;
  throw new HostError(
    `systemd refuses the drop-in for ${name}: ${shown(added)}`,
    "nothing was changed; please report it with these lines",
    ExitCode.no,
  );
}

/** systemd may ignore a line that it does not accept, and start the unit without it. */
function requireRead(name: string, path: string): void {
  const { properties, dropIn } = readUnit(name);
  const isRead = dropIn?.path === path;
  const starts = properties.get("ExecStart") ?? "";
  if (isRead && starts.includes("argv[]=") && / run .*--unit /.test(starts)) return;
  throw new HostError(
    `systemd ignores the drop-in ${path} of ${name}`,
    "nothing was changed; a drop-in with a later name may override it: see systemctl cat",
    ExitCode.no,
  );
}

/** For a template the running instances. */
function restartUnits(name: string): void {
  for (const one of isTemplate(name) ? runningInstances(name) : [name]) restartOne(one);
}

function runningInstances(template: string): readonly string[] {
  const pattern = template.replace("@.", "@*.");
  const { out } = systemctl("list-units", "--plain", "--no-legend", "--state=active", pattern);
  return out.split("\n").flatMap((line) => line.trim().split(/\s+/)[0] || []);
}

function restartOne(name: string): void {
  const since = new Date();
  // systemd counts its own restarts (NRestarts) from nought again.
  systemctl("reset-failed", "--", name);
  const refused = startAnew([name]);
  if (refused === null && awaitStart(name)) return;
  const said = [...lastWords(name, since), refused ?? ""];
  throw new HostError(
    `${name} does not start: ${shown(said) || "it ended at once"}`,
    `it was restored; \`journalctl -u ${name}\` has the whole message`,
    ExitCode.no,
  );
}

/**
 * Waits until the main process has been the unit's own program for a while, and not the launcher
 * that becomes it. False if the start failed, or systemd is to retry it.
 */
function awaitStart(name: string): boolean {
  const deadline = performance.now() + SETTLE_WAIT_MAX_MS;
  let settled = Number.POSITIVE_INFINITY;
  for (;;) {
    const now = performance.now();
    const state = parseProperties(
      systemctl("show", "--property=ActiveState,SubState,NRestarts,MainPID", "--", name).out,
    );
    const isOver =
      state.get("ActiveState") === "failed" || state.get("SubState") === "auto-restart";
    // A start that an order asks for counts from nought.
    if (isOver || Number(state.get("NRestarts") ?? 0) > 0) return false;
    const pid = Number(state.get("MainPID") ?? 0);
    settled = pid !== 0 && isLauncher(pid) ? settled : Math.min(settled, now + SETTLE_MS);
    if (now >= settled) return true;
    if (now > deadline) return false;
    sleepFor(LOOK_AGAIN_MS);
  }
}

/** Whether a process is bin/cofferdam; false for one that is gone. */
function isLauncher(pid: number): boolean {
  return basename(readProcLink(`/proc/${pid}/exe`) ?? "") === "cofferdam";
}

function lastWords(name: string, since: Date): readonly string[] {
  const seconds = Math.floor(since.getTime() / 1000);
  const words = ["-q", "-u", name, `--since=@${seconds}`, "-o", "cat", "--no-pager"];
  const { out } = ask("journalctl", words);
  return out
    .split("\n")
    .filter((line) => line.startsWith("cofferdam:") || line.startsWith("  help"));
}

function shown(lines: readonly string[]): string {
  return lines
    .filter((line) => line.trim() !== "")
    .slice(0, SAID_MAX)
    .map(printable)
    .join("; ");
}
