import type { PasswdEntry } from "../../compile/accounts.ts";
import { HostError } from "../host-error.ts";
import { judgeShell } from "./login-shells.ts";

/**
 * The users who must be able to log in afterwards: root, if root has a login, and the caller.
 * @param asker user id of the login that asks
 * @throws HostError if that user could not log in
 */
export function administrators(
  accounts: readonly PasswdEntry[],
  asker: number,
): readonly PasswdEntry[] {
  const own = accounts.find(({ uid }) => uid === asker);
  if (own === undefined)
    throw new HostError(
      `your account, number ${asker}, is not in /etc/passwd, and the sandbox is only ` +
        "for accounts in that file",
      "log in with an account that is, then try again",
    );
  if (judgeShell(own.shell) === "shut" && asker !== 0)
    throw new HostError(
      `your login shell, ${own.shell}, does not run what sshd starts: you could not log in again`,
      `choose another shell: chsh -s /bin/bash ${own.name}`,
    );
  const root = accounts.find(({ uid, shell }) => uid === 0 && judgeShell(shell) !== "shut");
  return root === undefined || root === own ? [own] : [root, own];
}

/**
 * @throws HostError that names the accounts whose shell may read unknown files before the sandbox
 * begins
 */
export function checkShells(accounts: readonly PasswdEntry[]): void {
  const unknown = accounts.filter(({ shell }) => judgeShell(shell) === "unknown");
  const [first] = unknown;
  if (first === undefined) return;
  const shells = unknown.map(({ name, shell }) => `${name} (${shell})`).join(", ");
  throw new HostError(
    `login shells that may run files of their users before the sandbox begins: ${shells}`,
    "give them one of bash, dash, zsh, tcsh and fish that root alone may change: chsh -s " +
      `/bin/bash ${first.name}`,
  );
}
