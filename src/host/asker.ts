import { readFileSync } from "node:fs";
import { hostAccounts } from "../compile/accounts.ts";
import type { By } from "../events/audit-catalogue.ts";
import { hasCode } from "../kernel/errno-error.ts";

/** No login has set it (audit.h: AUDIT_UID_UNSET). */
const UNSET = 0xffff_ffff;

/**
 * The author of this process's order: the user who logged in, even if the process changed its user
 * since; without a login this process's user.
 */
export function asker(): By {
  const login = loginUid();
  const uid = login === UNSET ? (process.geteuid?.() ?? 0) : login;
  return { uid, name: hostAccounts().users.find((user) => user.uid === uid)?.name ?? null };
}

/** proc_pid_loginuid(5); a kernel without auditing has none. */
function loginUid(): number {
  try {
    return Number(readFileSync("/proc/self/loginuid", "utf8"));
  } catch (error) {
    if (hasCode(error, "ENOENT")) return UNSET;
    throw error;
  }
}
