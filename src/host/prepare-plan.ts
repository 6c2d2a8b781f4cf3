import { spawn } from "node:child_process";
import { unlessGone } from "../kernel/unless-gone.ts";
import { launcherOf, type Places } from "./places.ts";

/** Limit on what is kept of the compiler's messages, characters. */
const SAID_MAX = 4_096;

/** Where the launcher finds {@link Preparing.root}, behind the standard descriptors. */
const ROOT = 3;

export interface Preparing {
  /** Of the start, in hex, as in `/proc/PID/status`. */
  readonly capabilities: string;
  /** The options of `cofferdam run` and the domain that belong to the start. */
  readonly words: readonly string[];
  /** An open root directory below which names are looked up; the host's if it is left out. */
  readonly root?: number;
  /** The whole environment of this process if it is left out. */
  readonly environment?: NodeJS.ProcessEnv;
  /** Ends the compiler. */
  readonly end?: AbortSignal;
}

/**
 * Has the launcher make the plan of a start, unless a valid one lies ready. Nothing is started.
 * Returns what the launcher and the compiler say of a failure; null if the plan is there.
 */
export function preparePlan(places: Places, asked: Preparing): Promise<string | null> {
  const { capabilities, words, root, environment, end } = asked;
  const below = root === undefined ? [] : ["--root", `${ROOT}`];
  const child = spawn(launcherOf(places), ["run", "--prepare", capabilities, ...below, ...words], {
    cwd: "/",
    // A group of its own, which ends with the compiler.
    detached: true,
    ...(environment === undefined ? {} : { env: environment }),
    stdio: ["ignore", "ignore", "pipe", ...(root === undefined ? [] : [root])],
  });
  let said = "";
  child.stderr?.setEncoding("utf8").on("data", (text: string) => {
    said = `${said}${text}`.slice(0, SAID_MAX);
  });
  end?.addEventListener("abort", () => {
    const { pid, exitCode, signalCode } = child;
    if (pid !== undefined && exitCode === null && signalCode === null)
      unlessGone(() => process.kill(-pid, "SIGKILL"));
  });
  return new Promise((resolve, reject) => {
    child.once("error", reject);
    child.once("close", (status) => resolve(status === 0 ? null : said));
  });
}
