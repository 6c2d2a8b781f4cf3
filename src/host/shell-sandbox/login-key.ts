import { execFile } from "node:child_process";
import { readdirSync, readFileSync } from "node:fs";
import { resolve } from "node:path";
import { hostAccounts, type PasswdEntry } from "../../compile/accounts.ts";
import { hasCode } from "../../kernel/errno-error.ts";
import { commandOfKeys, type KeyCommand, keysOf } from "./key-command.ts";
import { readSshdConfiguration, SSHD_CONFIG, type SshdLine } from "./sshd-configuration.ts";

/** sshd tells in this file how a user has logged in. */
const USER_AUTH = /^\/tmp\/sshauth\.\w+$/;
const STANDARD_FILES = [".ssh/authorized_keys", ".ssh/authorized_keys2"];
/** Milliseconds for reading one user's files: a home on a network may be slow. */
const READ_MS = 10_000;
/** What sshd wrote: a line for each method. */
const USER_AUTH_BYTES_MAX = 65_536;
/** Lines with the keys that were used. */
const LINES_BYTES_MAX = 1_048_576;

/**
 * Whether a login by ssh may run any command, by the environment that sshd gave it; a login without
 * sshd may.
 * @param pid of the client, whose /tmp need not be the host's
 * @param user name in /etc/passwd
 */
export async function keyCommandOf(
  env: ReadonlyMap<string, string>,
  pid: number,
  user: string,
): Promise<KeyCommand> {
  if (!env.has("SSH_CONNECTION")) return { kind: "any" };
  const account = hostAccounts().users.find(({ name }) => name === user);
  const told = env.get("SSH_USER_AUTH") ?? "";
  const userAuth =
    account !== undefined && USER_AUTH.test(told)
      ? await linesAs(account, [""], [`/proc/${pid}/root${told}`], USER_AUTH_BYTES_MAX)
      : "";
  if (account === undefined || userAuth === "")
    return {
      kind: "refused",
      why: "sshd does not say how you have logged in; it may not have been restarted",
    };
  const keys = keysOf(userAuth) ?? [];
  const files = keyFiles(readSshdConfiguration(SSHD_CONFIG, hostFiles), account);
  // If a file ends the key with other padding, the key is not found and the login is refused.
  const patterns = keys.map((key) => key.toString("base64").replace(/=+$/, ""));
  return commandOfKeys(
    userAuth,
    keys.length === 0 ? "" : await linesAs(account, patterns, files, LINES_BYTES_MAX),
  );
}

const hostFiles = { read: (path: string) => readFileSync(path, "utf8"), list: namesIn };

/**
 * Every file that any line of sshd's configuration names, for whichever user: further lines of a
 * key can only limit it more.
 */
export function keyFiles(
  lines: readonly SshdLine[],
  { name, uid, home }: PasswdEntry,
): readonly string[] {
  const named = lines
    .filter(({ keyword }) => keyword === "authorizedkeysfile")
    .flatMap(({ args }) => args);
  const tokens: Readonly<Record<string, string>> = { "%": "%", h: home, u: name, U: String(uid) };
  const paths = [...STANDARD_FILES, ...named.filter((file) => file.toLowerCase() !== "none")].map(
    (file) =>
      resolve(
        home,
        file.replaceAll(/%(.)/g, (all, token: string) => tokens[token] ?? all),
      ),
  );
  return [...new Set(paths)];
}

/**
 * Lines that contain one of `patterns`, read as the user, as sshd reads keys: a user's own file
 * system that never answers delays no other user. Lines come one after the other, even if a file
 * has no final newline; a missing file has none. Empty if it takes too long or is too large.
 */
function linesAs(
  { uid, gid }: PasswdEntry,
  patterns: readonly string[],
  files: readonly string[],
  maxBuffer: number,
): Promise<string> {
  const args = ["-ahsF", ...patterns.flatMap((pattern) => ["-e", pattern]), "--", ...files];
  const options = {
    uid,
    gid,
    cwd: "/",
    env: {},
    timeout: READ_MS,
    killSignal: "SIGKILL",
    maxBuffer,
  } as const;
  return new Promise((resolve) => {
    // A number is grep's own status: no such line, or not every file could be read.
    execFile("/usr/bin/grep", args, options, (error, stdout) =>
      resolve(error === null || typeof error.code === "number" ? stdout : ""),
    );
  });
}

export function namesIn(folder: string): readonly string[] {
  try {
    return readdirSync(folder);
  } catch (error) {
    if (hasCode(error, "ENOENT", "ENOTDIR")) return [];
    throw error;
  }
}
