import { spawnSync } from "node:child_process";
import { closeSync, constants, fstatSync, openSync, readdirSync, readFileSync } from "node:fs";
import { resolve } from "node:path";
import { hasCode } from "../../kernel/errno-error.ts";
import { commandOfKeys, type KeyCommand, keysOf } from "./key-command.ts";
import { type LoginAccount, loginAccounts } from "./login-shells.ts";
import { readSshdConfiguration, SSHD_CONFIG, type SshdLine } from "./sshd-configuration.ts";

const { O_NOFOLLOW, O_NONBLOCK, O_RDONLY } = constants;

/** As sshd names the file in which it tells how somebody has logged in. */
const USER_AUTH = /^\/tmp\/sshauth\.\w+$/;
const STANDARD_FILES = [".ssh/authorized_keys", ".ssh/authorized_keys2"];
/** Reading them, milliseconds: a file system of the user's own may never answer. */
const KEYS_MS = 2_000;
const KEYS_BYTES_MAX = 16 * 1024 * 1024;

/**
 * Whether a login by ssh may run what it likes, by the environment that sshd has given it; a login that is none of sshd's may.
 * @param user name in /etc/passwd
 */
export function keyCommandOf(env: ReadonlyMap<string, string>, user: string): KeyCommand {
  if (!env.has("SSH_CONNECTION")) return { kind: "any" };
  const account = loginAccounts(readFileSync("/etc/passwd", "utf8")).find(({ name }) => name === user);
  const userAuth = account === undefined ? null : readUserAuth(env.get("SSH_USER_AUTH") ?? "", account.uid);
  if (account === undefined || userAuth === null)
    return { kind: "refused", why: "sshd does not say how you have logged in; it may not have been restarted" };
  if (keysOf(userAuth)?.length === 0) return { kind: "any" };
  return commandOfKeys(userAuth, readKeys(account, keyFiles(readSshdConfiguration(SSHD_CONFIG, hostFiles), account)));
}

const hostFiles = { read: (path: string) => readFileSync(path, "utf8"), list: namesIn };

/** null for a file that sshd has not made for this user. */
function readUserAuth(path: string, uid: number): string | null {
  if (!USER_AUTH.test(path)) return null;
  let file: number;
  try {
    file = openSync(path, O_RDONLY | O_NOFOLLOW | O_NONBLOCK);
  } catch (error) {
    if (hasCode(error, "ENOENT", "ELOOP", "ENXIO")) return null;
    throw error;
  }
  try {
    const stats = fstatSync(file);
    return stats.isFile() && stats.uid === uid && stats.size <= KEYS_BYTES_MAX ? readFileSync(file, "utf8") : null;
  } finally {
    closeSync(file);
  }
}

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

/** As the user, as sshd does; one line after the other, whatever a file ends with. A file that is not there holds none. */
function readKeys({ uid, gid }: LoginAccount, files: readonly string[]): string {
  const options = {
    uid,
    gid,
    cwd: "/",
    env: {},
    encoding: "utf8",
    timeout: KEYS_MS,
    maxBuffer: KEYS_BYTES_MAX,
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
