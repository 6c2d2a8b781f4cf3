import { lstatSync } from "node:fs";
import { HostError } from "../host/host-error.ts";
import { beside, headerOf, type Parent } from "./parents.ts";
import type { Placed } from "./place.ts";
import type { Accepted } from "./record.ts";
import type { ImageFormat } from "./resource.ts";
import { wayOf } from "./way.ts";

const none = { parent: null, parentFormat: null, dataFile: null };

export type KnownImages = ReadonlyMap<string, KnownImage>;

export interface KnownImage {
  readonly format: ImageFormat;
  /** The files that it depends on, nearest first. */
  readonly stands: readonly Parent[];
  /** Another image depends on it, so the machine only reads it. */
  readonly isParent: boolean;
}

/** All images that a machine has been granted, and what each was accepted to depend on. */
export function knownImages(
  { resources, names, parents }: Placed,
  accepted: Accepted,
): KnownImages {
  const known = new Map<string, KnownImage>();
  for (const resource of resources) {
    if (resource.kind !== "image") continue;
    const name = names[resource.path] ?? resource.path;
    const stands = parents[name] ?? accepted.parents[name] ?? [];
    known.set(name, {
      format: resource.format,
      stands,
      isParent: known.get(name)?.isParent ?? false,
    });
    for (const [at, { role, path, format }] of stands.entries()) {
      const before = known.get(path) ?? { format, stands: stands.slice(at + 1) };
      if (role === "parent") known.set(path, { ...before, isParent: true });
    }
  }
  return known;
}

/**
 * What an image depends on that the machine has just made. The machine wrote its header. So the
 * header may only name one of the machine's own images, whose own parents are known.
 * @throws HostError if it says anything else
 */
export function standsOnKnown(
  path: string,
  format: ImageFormat,
  known: KnownImages,
): readonly Parent[] {
  if (isLink(path))
    throw new HostError(`image ${path} is a link`, "look where it leads, and remove it");
  const { parent, parentFormat, dataFile } = format === "qcow2" ? headerOf(path) : none;
  if (parent === null && dataFile === null) return [];
  const name = wayOf(beside(path, parent ?? dataFile ?? "")).leadsTo;
  const found = parent === null ? undefined : known.get(name);
  if (found !== undefined && found.format === parentFormat && dataFile === null)
    return [{ role: "parent", path: name, format: found.format }, ...found.stands];
  throw new HostError(
    `image ${path} names the parent ${name}, which is not an image of this machine`,
    "look at it with qemu-img info; at the next start it is refused until cofferdam vm accept",
  );
}

/** A domain that may make a name may also make a link there. */
export function isLink(path: string): boolean {
  return lstatSync(path, { throwIfNoEntry: false })?.isSymbolicLink() === true;
}
