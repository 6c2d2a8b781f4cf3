import type { Automaton } from "../automaton/automaton.ts";
import { buildAutomaton } from "../automaton/build.ts";
import { nameOfBytes } from "../name-bytes.ts";
import { Permission } from "../permission.ts";
import type { NameRule, Policy } from "../policy.ts";
import { rootChanger } from "./changes-root.ts";
import { type Context, nameContext } from "./context.ts";

/**
 * A grant of unix-socket names of which the domain could redirect some or all after a program has
 * compared the name.
 */
export interface UnsoundUnixGrant {
  readonly rule: NameRule;
  /**
   * `writable`: the domain may create or remove a component; `root`: it may change what pathnames
   * mean (chroot).
   */
  readonly why: "writable" | "root";
  /**
   * A shortest name that is refused; null if every name is, or none was found within {@link
   * SEARCH_STATES_MAX}.
   */
  readonly example: string | null;
}

/** States examined for one rule; beyond that the rule counts as unsound. */
const SEARCH_STATES_MAX = 1 << 16;
const WRITES_NAME = Permission.create | Permission.delete;
/** Letters first, so that an example reads like a name. */
const bytesInOrder = [...Buffer.from("abcdefghijklmnopqrstuvwxyz/")].concat(
  Array.from({ length: 256 }, (_, byte) => byte).filter(
    (byte) => byte !== 0x2f && (byte < 0x61 || byte > 0x7a),
  ),
);

/**
 * Grants that cannot be enforced by names alone. For these the mediator judges connections, on the
 * socket that it looked up itself. The kernel programs refuse exactly these names anyway
 * (`unix-table.ts`).
 */
export function unsoundUnixGrants(policy: Policy): UnsoundUnixGrant[] {
  const rules = policy.names.filter(
    ({ effect, permissions, pattern }) =>
      effect === "allow" && (permissions & Permission.connect) !== 0 && !pattern.startsWith("@"),
  );
  if (rules.length === 0) return [];
  if (rootChanger(policy) !== null)
    return rules.map((rule) => ({ rule, why: "root", example: null }));
  const names = buildAutomaton(policy.names);
  return rules.flatMap((rule) => {
    const found = refusedName(buildAutomaton([rule]), names);
    return found === "none" ? [] : [{ rule, why: "writable", example: found } as const];
  });
}

interface Place {
  readonly own: number;
  readonly all: number;
  readonly context: Context;
  /** A component before this one may be written. */
  readonly tainted: boolean;
  readonly before: number;
  readonly byte: number;
}

/**
 * A shortest name that the rule covers, the policy grants, and the domain could redirect; null if
 * the search is too long.
 */
function refusedName(own: Automaton, all: Automaton): string | null | "none" {
  const places: Place[] = [
    { own: own.start, all: all.start, context: "start", tainted: false, before: -1, byte: 0 },
  ];
  const seen = new Set<string>();
  for (let at = 0; at < places.length; at++) {
    if (at === SEARCH_STATES_MAX) return null;
    const place = places[at]!;
    const writable = (all.permissions(place.all) & WRITES_NAME) !== 0;
    const granted =
      (own.permissions(place.own) & all.permissions(place.all) & Permission.connect) !== 0;
    if (granted && place.context === "component" && (place.tainted || writable))
      return nameAt(places, at);
    for (const byte of bytesInOrder) {
      const context = nameContext(place.context, byte, false);
      const next = own.step(place.own, byte);
      if (context === null || own.dead(next)) continue;
      const tainted = place.tainted || (context === "slash" && writable);
      const after = {
        own: next,
        all: all.step(place.all, byte),
        context,
        tainted,
        before: at,
        byte,
      };
      const key = `${after.own},${after.all},${context},${tainted}`;
      if (seen.has(key)) continue;
      seen.add(key);
      places.push(after);
    }
  }
  return "none";
}

function nameAt(places: readonly Place[], at: number): string {
  const bytes: number[] = [];
  for (let place = places[at]!; place.before >= 0; place = places[place.before]!)
    bytes.push(place.byte);
  return nameOfBytes(Uint8Array.from(bytes.reverse()));
}
