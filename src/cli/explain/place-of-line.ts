import { basename, dirname, join } from "node:path";
import type { Places } from "../../host/places.ts";
import type { Suggestion } from "../../model/suggest.ts";
import type { RequiredPolicy } from "../require-policy.ts";

/** Where a line that is missing in a policy goes, and how it comes into force. */
export function placeOfLine(
  places: Places,
  { policy, files }: RequiredPolicy,
  { section }: Suggestion,
): readonly string[] {
  const file = files[0] ?? `${policy.name}.yaml`;
  const isShipped = dirname(file) === places.shipped;
  const own = join(places.policies[0] ?? "", basename(file));
  const where = isShipped
    ? [
        `into ${own}, under \`${section}\``,
        `(a copy of ${file}: an update would undo a change there)`,
      ]
    : [`into ${file}, under \`${section}\``];
  const isOfHost = places.asRoot && places.policies.includes(dirname(file));
  const inForce = isOfHost
    ? `in force with \`cofferdam domain reload ${policy.name}\`, for sealed processes when they are started again`
    : "in force when the daemon is started again";
  return [...where, inForce];
}
