import type { Automaton } from "../../model/automaton/automaton.ts";
import { buildAutomaton } from "../../model/automaton/build.ts";
import { isOwnObject } from "../../model/own-objects.ts";
import { Permission } from "../../model/permission.ts";
import type { Policy } from "../../model/policy.ts";
import { grantsUdpAnswers } from "../../model/udp-destinations.ts";
import { rootChanger } from "../../model/unix-names/changes-root.ts";
import { type AddressTable, addressTable } from "./address-table.ts";
import type { NameAlias } from "./aliases.ts";
import { type SocketTable, socketTable } from "./socket-table.ts";
import { type UnixTable, unixTable } from "./unix-table.ts";

/** Equal tables mean equal verdicts. */
export interface CgroupTables {
  readonly addresses: AddressTable;
  readonly sockets: SocketTable;
  readonly unix: UnixTable;
  /** Whether sockets on granted ports may answer. */
  readonly answers: boolean;
}

/**
 * Pure. `aliases` null: no pathname of a unix socket is granted, because the programs cannot check
 * those of this policy.
 */
export function cgroupTables(
  policy: Policy,
  names: Automaton,
  aliases: readonly NameAlias[] | null = [],
): CgroupTables {
  return {
    addresses: addressTable(policy.addresses),
    sockets: socketTable(policy.sockets),
    answers: grantsUdpAnswers(policy.addresses),
    unix: unixTable(names, {
      pathnames: aliases !== null && rootChanger(policy) === null,
      aliases: aliases ?? [],
      own: ownNames(policy),
    }),
  };
}

/** Accepts only names of Cofferdam's own, which no level grants. */
function ownNames({ names }: Policy): Automaton {
  const own = names.filter(
    ({ source, permissions }) => isOwnObject(source) && (permissions & Permission.connect) !== 0,
  );
  return buildAutomaton(own.map((rule) => ({ ...rule, effect: "allow" as const })));
}
