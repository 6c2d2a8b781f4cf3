import type { Automaton } from "../../model/automaton/automaton.ts";
import { Permission } from "../../model/permission.ts";

/** Product states looked at; beyond that the answer is "yes", the careful one. */
const STATES_MAX = 1 << 18;
const SLASH = 0x2f;
const change = Permission.create | Permission.delete;

/**
 * Whether the domain may connect to a name of which it can itself make, remove or rename a component. A program that judges
 * the name before the kernel looks it up could then be led to another socket, so it must not hold such names.
 */
export function hasReplaceableSockets(automaton: Automaton): boolean {
  const seen = new Set<number>();
  const pending: { state: number; tainted: boolean }[] = [];
  const visit = (state: number, tainted: boolean) => {
    const key = state * 2 + Number(tainted);
    if (automaton.dead(state) || seen.has(key)) return;
    seen.add(key);
    pending.push({ state, tainted });
  };
  visit(automaton.step(automaton.start, SLASH), false);
  for (let next = pending.pop(); next !== undefined; next = pending.pop()) {
    const permissions = automaton.permissions(next.state);
    const writable = next.tainted || (permissions & change) !== 0;
    if (writable && (permissions & Permission.connect) !== 0) return true;
    if (seen.size > STATES_MAX) return true;
    for (let byte = 1; byte < 256; byte++) {
      visit(automaton.step(next.state, byte), byte === SLASH ? writable : next.tainted);
    }
  }
  return false;
}
