import type { PasswdEntry } from "../../compile/accounts.ts";
import { HostError } from "../host-error.ts";
import { judgeShell } from "./login-shells.ts";

/**
 * Who must be able to log in afterwards: root where root has a login, and whoever asks.
 * @param asker user id of whoever logged in to ask
 * @throws HostError where that one could not
 */
export function administrators(
  accounts: readonly PasswdEntry[],
  asker: number,
): readonly PasswdEntry[] {
  const own = accounts.find(({ uid }) => uid === asker);
  if (own === undefined)
    throw new HostError(
      `your account, number ${asker}, is not in /etc/passwd, and the sandbox opens for no other`,
      "log in as somebody who is, then try again",
    );
  if (judgeShell(own.shell) === "shut" && asker !== 0)
    throw new HostError(
      `your login shell, ${own.shell}, does not run what sshd starts: you could not log in again`,
      `take another: chsh -s /bin/bash ${own.name}`,
    );
  const root = accounts.find(({ uid, shell }) => uid === 0 && judgeShell(shell) !== "shut");
  return root === undefined || root === own ? [own] : [root, own];
}

/**
 * @throws HostError that names who has a shell of which nobody knows what it runs before the
 * sandbox begins
 */
export function checkShells(accounts: readonly PasswdEntry[]): void {
  const unknown = accounts.filter(({ shell }) => judgeShell(shell) === "unknown");
  const [first] = unknown;
  if (first === undefined) return;
  throw new HostError(
    `login shells that may run files of their users before the sandbox begins: ${unknown.map(({ name, shell }) => `${name} (${shell})`).join(", ")}`,
    `give them one of bash, dash, zsh, tcsh and fish that root alone may change: chsh -s /bin/bash ${first.name}`,
  );
}
