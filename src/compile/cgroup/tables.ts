import type { Automaton } from "../../model/automaton/automaton.ts";
import { buildAutomaton } from "../../model/automaton/build.ts";
import { isOwnObject } from "../../model/own-objects.ts";
import { Permission } from "../../model/permission.ts";
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
 * its names. Pure. `aliases` null: of unix sockets no pathname is granted, since the programs cannot
 * hold those of this policy.
 */
export function cgroupTables(
  policy: Policy,
  names: Automaton,
  aliases: readonly NameAlias[] | null = [],
): CgroupTables {
  return {
    addresses: addressTable(policy.addresses),
    sockets: socketTable(policy.sockets),
    unix: unixTable(names, {
      pathnames: aliases !== null && rootChanger(policy) === null,
      aliases: aliases ?? [],
      own: ownNames(policy),
    }),
  };
}

/** Names of Cofferdam's own, which no level grants: they alone accept. */
function ownNames({ names }: Policy): Automaton {
  const own = names.filter(
    ({ source, permissions }) => isOwnObject(source) && (permissions & Permission.connect) !== 0,
  );
  return buildAutomaton(own.map((rule) => ({ ...rule, effect: "allow" as const })));
}
