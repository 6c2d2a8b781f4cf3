import { execFile, spawnSync } from "node:child_process";
import { hasCode } from "../../kernel/errno-error.ts";
import { HostError } from "../host-error.ts";

/** For one call. */
const ANSWER_WAIT_MAX_MS = 600_000;
/**
 * For a start or restart. Most units have a shorter limit of their own, and some have none
 * (`TimeoutStartSec=infinity`).
 */
export const START_WAIT_MAX_MS = 300_000;
/** Of one answer: the properties of a host's units. */
const ANSWER_BYTES_MAX = 64 * 1024 * 1024;

export interface Answer {
  readonly status: number;
  readonly out: string;
  readonly err: string;
}

/** @throws HostError if the program cannot be started, or does not end */
export function ask(
  program: string,
  words: readonly string[],
  waitMs = ANSWER_WAIT_MAX_MS,
): Answer {
  const { status, stdout, stderr, error } = spawnSync(program, words, {
    ...common,
    timeout: waitMs,
  });
  if (error !== undefined && hasCode(error, "ETIMEDOUT")) throw notEnded(program, words, waitMs);
  if (error !== undefined || status === null) throw notAsked(program, error?.message);
  return { status, out: stdout, err: stderr };
}

const common = {
  encoding: "utf8",
  env: { PATH: "/usr/sbin:/usr/bin:/sbin:/bin", LC_ALL: "C", SYSTEMD_COLORS: "0" },
  maxBuffer: ANSWER_BYTES_MAX,
} as const;

const notEnded = (program: string, words: readonly string[], waitMs: number) =>
  new HostError(
    `\`${program} ${words[0] ?? ""}\` did not end within ${waitMs / 1_000} seconds`,
    "see `systemctl list-jobs`, and `journalctl -xe`",
  );

const notAsked = (program: string, why = "it was ended by a signal") =>
  new HostError(`${program} cannot be asked: ${why}`, "units are for hosts that systemd runs");

/** null where the host has no such program, or it does not end. */
export function askIfThere(program: string, words: readonly string[]): Answer | null {
  try {
    return ask(program, words);
  } catch (error) {
    if (error instanceof HostError) return null;
    throw error;
  }
}

export function systemctl(...words: readonly string[]): Answer {
  return ask("systemctl", ["--no-pager", ...words]);
}

/**
 * Returns null if the units have started, else why not.
 * @throws HostError if systemctl cannot be started, or waits for longer than START_WAIT_MAX_MS;
 * systemd may be waiting still
 */
export function startAnew(units: readonly string[]): string | null {
  return whyNot(ask("systemctl", restarting(units), START_WAIT_MAX_MS));
}

/** The same beside the caller's other work: who watches several units has requests to answer. */
export function startAnewMeanwhile(units: readonly string[]): Promise<string | null> {
  const words = restarting(units);
  return new Promise((resolve, reject) => {
    execFile("systemctl", words, { ...common, timeout: START_WAIT_MAX_MS }, (error, out, err) => {
      if (error === null) resolve(null);
      else if (typeof error.code === "number") resolve(whyNot({ status: error.code, out, err }));
      else if (error.killed === true) reject(notEnded("systemctl", words, START_WAIT_MAX_MS));
      else reject(notAsked("systemctl", error.signal == null ? error.message : undefined));
    });
  });
}

const restarting = (units: readonly string[]): readonly string[] => ["restart", "--", ...units];

const whyNot = ({ status, err }: Answer): string | null =>
  status === 0 ? null : (err.trim().split("\n")[0] ?? `status ${status}`);

/** A failure is an error with what systemctl said. @throws HostError */
export function order(...words: readonly string[]): void {
  const { status, err } = systemctl(...words);
  if (status === 0) return;
  const why = err.trim().split("\n")[0] ?? "";
  throw new HostError(`systemctl ${words.join(" ")} failed: ${why}`, "see `journalctl -xe`");
}
