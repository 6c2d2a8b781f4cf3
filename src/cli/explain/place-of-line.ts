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
  const isShipped = dirname(file) === join(places.home, "domains");
  const own = join(places.policies[0] ?? "", basename(file));
  const where = isShipped
    ? [`into ${own}, under \`${section}\``, `(a copy of ${file}: an update would undo a change there)`]
    : [`into ${file}, under \`${section}\``];
  const inForce =
    policy.mediation === "supervised" && places.asRoot
      ? "in force with: cofferdam domain reload"
      : "in force when the daemon is started again";
  return [...where, inForce];
}
