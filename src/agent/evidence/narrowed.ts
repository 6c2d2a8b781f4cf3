import { exceptionsText } from "../../domains/exceptions.ts";
import { load } from "../../host/load.ts";
import type { Places } from "../../host/places.ts";
import { AutomatonTooLarge } from "../../model/automaton/too-large.ts";
import { difference, type SettingChange } from "../../model/difference.ts";

/** The text of a policy in force has its exceptions in it. */
const NONE = Buffer.from(exceptionsText([]));

/** Settings that take nothing away from what a domain at level warning does unnoticed. */
const harmless: ReadonlySet<SettingChange["setting"]> = new Set([
  "level",
  "mediation",
  "enter",
  "late-names",
  "best-effort",
]);

/**
 * Whether the second policy of a domain, as `printPolicy` prints it, takes something away that the
 * first one grants: such accesses went unnoticed while the first one was in force. True as well if
 * the policies cannot be compared.
 */
export function isNarrowed(
  places: Places,
  name: string,
  before: string | null,
  after: string | null,
): boolean {
  const [first, second] = [before, after].map((text) =>
    text === null ? null : load(places, { name }, {}, { text, exceptions: NONE }).policy,
  );
  if (first == null || second == null) return true;
  try {
    const { settings, changes } = difference(first, second);
    return (
      changes.some(({ effect }) => effect === "denied") ||
      settings.some(({ setting }) => !harmless.has(setting))
    );
  } catch (error) {
    if (error instanceof AutomatonTooLarge) return true;
    throw error;
  }
}
