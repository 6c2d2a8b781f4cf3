import { lstatSync, realpathSync } from "node:fs";
import { basename, dirname } from "node:path";
import { STICKY, WRITABLE_BY_OTHERS } from "../../base/modes.ts";
import { hasCode } from "../../kernel/errno-error.ts";

/**
 * What a login shell does when sshd runs ForceCommand through it. `quiet`: runs it and nothing of
 * the user's. `shut`: runs nothing at all, so the account has no login. `unknown`: it may read
 * unknown files first.
 */
export type LoginShell = "quiet" | "shut" | "unknown";

/**
 * With an empty home, and the variables of `loginEnvironment`; test/host/shell-sandbox tries each.
 */
const quiet = new Set(["sh", "dash", "bash", "zsh", "csh", "tcsh", "fish"]);
/** Run nothing, or only commands from a list of their own. */
const shut = new Set([
  "nologin",
  "false",
  "true",
  "sync",
  "halt",
  "shutdown",
  "git-shell",
  "rbash",
]);

/**
 * By both its names, because some shells depend on the one they were called by. A file that a user
 * other than root may change is unknown.
 */
export function judgeShell(shell: string): LoginShell {
  if (shut.has(basename(shell))) return "shut";
  let real: string;
  try {
    real = realpathSync(shell);
  } catch (error) {
    // sshd starts no missing shell.
    if (hasCode(error, "ENOENT", "ENOTDIR")) return "shut";
    throw error;
  }
  if (shut.has(basename(real))) return "shut";
  const isKnown = quiet.has(basename(shell)) && quiet.has(basename(real));
  return isKnown && isRootsAlone(real) ? "quiet" : "unknown";
}

/** Whether only root can replace a program; its name has no symbolic links. */
export function isRootsAlone(path: string): boolean {
  const { uid, mode } = lstatSync(path);
  const others = (mode & WRITABLE_BY_OTHERS) !== 0 && (mode & STICKY) === 0;
  return uid === 0 && !others && (path === "/" || isRootsAlone(dirname(path)));
}
