import type { Automaton } from "../../model/automaton/automaton.ts";
import type { Policy } from "../../model/policy.ts";
import { rootChanger } from "../../model/unix-names/changes-root.ts";
import { type AddressTable, addressTable } from "./address-table.ts";
import type { NameAlias } from "./aliases.ts";
import { type SocketTable, socketTable } from "./socket-table.ts";
import { type UnixTable, unixTable } from "./unix-table.ts";

/**
 * Everything the kernel programs look things up in, as bytes, and nothing else: equal tables mean
 * equal verdicts.
 */
export interface CgroupTables {
  readonly addresses: AddressTable;
  readonly sockets: SocketTable;
  readonly unix: UnixTable;
}

/**
 * What a domain may reach, from the rules about addresses and sockets and the automaton over all
 * its names. Pure.
 */
export function cgroupTables(
  policy: Policy,
  names: Automaton,
  aliases: readonly NameAlias[] = [],
): CgroupTables {
  return {
    addresses: addressTable(policy.addresses),
    sockets: socketTable(policy.sockets),
    unix: unixTable(names, { pathnames: rootChanger(policy) === null, aliases }),
  };
}
