import { type Accounts, hostAccounts, type PasswdEntry } from "../compile/accounts.ts";

/**
 * The account of a user id. If several accounts share the id, LOGNAME of the client chooses, which
 * sshd and login(1) set. null for a user who is not in /etc/passwd: the domain's plan names its
 * user, and the answer of a name service can change.
 */
export function accountOf(
  uid: number,
  claimed: string | undefined,
  accounts: Accounts = hostAccounts(),
): PasswdEntry | null {
  const same = accounts.users.filter((user) => user.uid === uid);
  return same.find(({ name }) => name === claimed) ?? same[0] ?? null;
}
