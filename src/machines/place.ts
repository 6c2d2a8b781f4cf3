import { networkInterfaces } from "node:os";
import { type Parent, parentsOf } from "./parents.ts";
import { resolveName } from "./resolve-name.ts";
import type { Resource } from "./resource.ts";

/** A description as this host has it at one moment: what a policy is made of, and what is recorded of it. */
export interface Placed {
  readonly resources: readonly Resource[];
  /** Names as described to names without links, where they differ or may come to differ: all of them. */
  readonly names: Readonly<Record<string, string>>;
  /** By the real name of an image: what its header says it stands on. */
  readonly parents: Readonly<Record<string, readonly Parent[]>>;
  /** Addresses of the host itself, which user networking does not reach. */
  readonly ownAddresses: readonly string[];
}

/**
 * Looks at the host. This follows links and believes headers, so what comes of it is compared with what was recorded before it is used (`record.ts`).
 * @throws HostError for names that lead nowhere, and images that cannot be read
 */
export function placeResources(resources: readonly Resource[]): Placed {
  const names: Record<string, string> = {};
  const parents: Record<string, readonly Parent[]> = {};
  for (const resource of resources) {
    if (!("path" in resource) || resource.path.startsWith("@")) continue;
    const listens = resource.kind === "socket" && resource.operation === "listen";
    const name = resolveName(resource.path, listens ? "kept" : "followed");
    names[resource.path] = name;
    if (resource.kind === "image" && resource.parents === "own" && resource.format === "qcow2")
      parents[name] = parentsOf(resource.path, resource.format);
  }
  return { resources, names, parents, ownAddresses: ownAddresses() };
}

function ownAddresses(): readonly string[] {
  const all = Object.values(networkInterfaces()).flatMap((list) => list ?? []);
  return [...new Set(all.map(({ address }) => address))].sort();
}
