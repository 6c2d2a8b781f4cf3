import { basename, dirname, join } from "node:path";
import type { Places } from "../../host/places.ts";
import type { Suggestion } from "../../model/suggest.ts";
import type { RequiredPolicy } from "../require-policy.ts";

/** Where to write a line that a policy lacks, and how to put it in force. */
export function placeOfLine(
  places: Places,
  required: RequiredPolicy,
  { section }: Suggestion,
): readonly string[] {
  const { file, shipped } = fileToChange(places, required);
  return [
    `into ${file}, under \`${section}\``,
    ...(shipped === null ? [] : [`(a copy of ${shipped}, which an update would overwrite)`]),
    inForceBy(places, required),
  ];
}

/** The file for changes of a policy. `shipped`: the file that it is to be a copy of, or null. */
export function fileToChange(
  places: Places,
  { policy, files }: RequiredPolicy,
): { readonly file: string; readonly shipped: string | null } {
  const file = files[0] ?? `${policy.name}.yaml`;
  if (dirname(file) !== places.shipped) return { file, shipped: null };
  return { file: join(places.policies[0] ?? "", basename(file)), shipped: file };
}

/** What to do once the file has been changed. */
export function inForceBy(places: Places, { policy, files }: RequiredPolicy): string {
  const isOfHost = places.asRoot && places.policies.includes(dirname(files[0] ?? ""));
  return isOfHost
    ? `then \`cofferdam domain reload ${policy.name}\`; restart sealed processes`
    : "then restart the daemon";
}
