import { readdirSync } from "node:fs";
import { join } from "node:path";
import type { HostDomains } from "../domains/confinement.ts";
import { LiveTable } from "../domains/live-table.ts";
import { listRuns, listUserRuns, type Run } from "../domains/runs.ts";
import { hasCode } from "../kernel/errno-error.ts";
import { kernelMembers } from "./kernel-members.ts";
import type { Places } from "./places.ts";

/** Runtime folders of user sessions (XDG base directory specification, as in systemd). */
const USERS_RUNTIME = "/run/user";

/**
 * As the caller may see them: root's, the caller's own, and for root those in users' runtime
 * folders.
 */
export function runningDomains(places: Places): HostDomains {
  const own = [...new Set([places.system.runs, places.runs])].flatMap((folder) => listRuns(folder));
  const table = LiveTable.open(places.system.table);
  return {
    runs: [...own, ...usersRuns(places.runs)],
    levelOf: (number) => table?.level(number) ?? null,
    inKernel: (processes) => kernelMembers(places, processes),
  };
}

/** Missing and unreadable folders hold nothing; `own` has been read already. */
function usersRuns(own: string): readonly Run[] {
  return usersOf(USERS_RUNTIME).flatMap((uid) => {
    const folder = join(USERS_RUNTIME, uid, "cofferdam", "runs");
    return folder === own ? [] : listUserRuns(folder, Number(uid));
  });
}

function usersOf(runtime: string): readonly string[] {
  try {
    return readdirSync(runtime).filter((name) => /^\d+$/.test(name));
  } catch (error) {
    if (hasCode(error, "ENOENT", "EACCES")) return [];
    throw error;
  }
}
