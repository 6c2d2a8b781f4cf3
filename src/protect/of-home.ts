import { statSync } from "node:fs";
import { hostAccounts } from "../compile/accounts.ts";
import { canonical } from "../host/program-named.ts";
import type { Unit } from "../host/units/unit.ts";
import { isWithin } from "../model/within.ts";
import { shared } from "../policy/3-check/shared-folders.ts";
import { type Evidence, ofFolder } from "./evidence.ts";

/** Where services keep what they write. Elsewhere a home may hold what others serve or run. */
const stateFolders = ["/var/lib", "/var/cache", "/var/spool"];

/**
 * A service's user has its data in its home, where that is a folder for data: the server of
 * PostgreSQL names it nowhere else that can be believed. `becomes`: the user that a process of
 * root's unit has become, which counts only if unit and user have one name: a process can become
 * anyone.
 */
export function ofHome({ name, properties }: Unit, becomes: string | null): readonly Evidence[] {
  const own = properties.get("User") ?? "";
  const isOwn = own !== "" && own !== "root";
  const user = isOwn ? own : becomes !== null && name.startsWith(becomes) ? becomes : null;
  const account = hostAccounts().users.find((one) => one.name === user);
  if (account === undefined || account.uid === 0) return [];
  const { home, uid } = account;
  const isForData = stateFolders.some((above) => home !== above && isWithin(home, above));
  if (!isForData || shared.includes(home) || canonical(home) !== home) return [];
  const stats = statSync(home, { throwIfNoEntry: false });
  if (stats?.isDirectory() !== true || stats.uid !== uid) return [];
  const why = `the home of ${user} in /etc/passwd, which ${user} owns`;
  return [ofFolder("rwcd", home, { why, witness: isOwn ? "unit" : "process" })];
}
