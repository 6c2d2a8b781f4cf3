import { type Accounts, hostAccounts, type PasswdEntry } from "../compile/accounts.ts";

/**
 * The account of a user id. Several may share one: then the name that the client was started with
 * counts, which sshd and login(1) set. null for users that are not in /etc/passwd: the domain's
 * plan names its user, and nothing can pin what a name service says.
 */
export function accountOf(
  uid: number,
  claimed: string | undefined,
  accounts: Accounts = hostAccounts(),
): PasswdEntry | null {
  const same = accounts.users.filter((user) => user.uid === uid);
  return same.find(({ name }) => name === claimed) ?? same[0] ?? null;
}
