import { readFileSync } from "node:fs";

export interface PasswdEntry {
  readonly name: string;
  readonly uid: number;
  readonly gid: number;
  readonly home: string;
  /** `/bin/sh` if the line names none. */
  readonly shell: string;
}

export interface GroupEntry {
  readonly name: string;
  readonly gid: number;
  readonly members: readonly string[];
}

export interface Accounts {
  readonly users: readonly PasswdEntry[];
  readonly groups: readonly GroupEntry[];
}

/** uid_t and gid_t; the largest value means "no id" (setresuid(2)). */
const ID_MAX = 0xffff_fffe;

/**
 * Accounts of `/etc/passwd` and `/etc/group`. Name services (LDAP, systemd-userdb) are not asked:
 * the plan would depend on something that no fact can pin. Lines that do not parse, including NIS
 * `+` lines, are no accounts. Of equal names the first counts, as in getpwnam(3).
 */
export function parseAccounts(passwd: string, group: string): Accounts {
  return {
    users: lines(passwd).flatMap(([name, , uidField, gidField, , home = "", shell]) => {
      const uid = idOf(uidField);
      const gid = idOf(gidField);
      return name && uid !== null && gid !== null
        ? [{ name, uid, gid, home, shell: shell || "/bin/sh" }]
        : [];
    }),
    groups: lines(group).flatMap(([name, , gid, members]) => {
      const id = idOf(gid);
      return name && id !== null
        ? [{ name, gid: id, members: (members ?? "").split(",").filter(Boolean) }]
        : [];
    }),
  };
}

function lines(text: string): string[][] {
  return text
    .split("\n")
    .filter((line) => line !== "" && !line.startsWith("#"))
    .map((line) => line.split(":"));
}

export function idOf(text: string | undefined): number | null {
  if (text === undefined || !/^\d{1,10}$/.test(text)) return null;
  const id = Number(text);
  return id <= ID_MAX ? id : null;
}

export const PASSWD = "/etc/passwd";
export const GROUP = "/etc/group";

export function hostAccounts(): Accounts {
  return parseAccounts(readFileSync(PASSWD, "utf8"), readFileSync(GROUP, "utf8"));
}
