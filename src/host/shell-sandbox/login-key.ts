import { spawnSync } from "node:child_process";
import { readdirSync, readFileSync } from "node:fs";
import { resolve } from "node:path";
import { hasCode } from "../../kernel/errno-error.ts";
import { commandOfKeys, type KeyCommand, keysOf } from "./key-command.ts";
import { type LoginAccount, loginAccounts } from "./login-shells.ts";
import { readSshdConfiguration, SSHD_CONFIG, type SshdLine } from "./sshd-configuration.ts";

/** As sshd names the file in which it tells how somebody has logged in. */
const USER_AUTH = /^\/tmp\/sshauth\.\w+$/;
const STANDARD_FILES = [".ssh/authorized_keys", ".ssh/authorized_keys2"];
/** Reading files of one user, milliseconds. */
const READ_MS = 2_000;
const READ_BYTES_MAX = 16 * 1024 * 1024;

/**
 * Whether a login by ssh may run what it likes, by the environment that sshd has given it; a login that is none of sshd's may.
 * @param pid of the client, whose /tmp need not be the host's
 * @param user name in /etc/passwd
 */
export function keyCommandOf(env: ReadonlyMap<string, string>, pid: number, user: string): KeyCommand {
  if (!env.has("SSH_CONNECTION")) return { kind: "any" };
  const account = loginAccounts(readFileSync("/etc/passwd", "utf8")).find(({ name }) => name === user);
  const told = env.get("SSH_USER_AUTH") ?? "";
  const userAuth = account !== undefined && USER_AUTH.test(told) ? readAs(account, [`/proc/${pid}/root${told}`]) : "";
  if (account === undefined || userAuth === "")
    return { kind: "refused", why: "sshd does not say how you have logged in; it may not have been restarted" };
  if (keysOf(userAuth)?.length === 0) return { kind: "any" };
  return commandOfKeys(userAuth, readAs(account, keyFiles(readSshdConfiguration(SSHD_CONFIG, hostFiles), account)));
}

const hostFiles = { read: (path: string) => readFileSync(path, "utf8"), list: namesIn };

/** Every file that any line of sshd's configuration names, whomever it is for: more lines of a key can only keep it from more. */
export function keyFiles(lines: readonly SshdLine[], { name, uid, home }: LoginAccount): readonly string[] {
  const named = lines.filter(({ keyword }) => keyword === "authorizedkeysfile").flatMap(({ args }) => args);
  const tokens: Readonly<Record<string, string>> = { "%": "%", h: home, u: name, U: String(uid) };
  const paths = [...STANDARD_FILES, ...named.filter((file) => file.toLowerCase() !== "none")].map((file) =>
    resolve(
      home,
      file.replaceAll(/%(.)/g, (all, token: string) => tokens[token] ?? all),
    ),
  );
  return [...new Set(paths)];
}

/**
 * As the user, as sshd reads keys: a file system of the user's own, which may never answer, holds nobody up for long. One line after the other, whatever a file ends with; a file that is
 * not there holds none.
 */
function readAs({ uid, gid }: LoginAccount, files: readonly string[]): string {
  const options = {
    uid,
    gid,
    cwd: "/",
    env: {},
    encoding: "utf8",
    timeout: READ_MS,
    maxBuffer: READ_BYTES_MAX,
  } as const;
  const { stdout, signal } = spawnSync("/usr/bin/grep", ["-ahs", "", "--", ...files], options);
  return signal === null ? stdout : "";
}

export function namesIn(folder: string): readonly string[] {
  try {
    return readdirSync(folder);
  } catch (error) {
    if (hasCode(error, "ENOENT", "ENOTDIR")) return [];
    throw error;
  }
}
