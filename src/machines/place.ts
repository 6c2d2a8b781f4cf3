import { realpathSync } from "node:fs";
import { isIPv4 } from "node:net";
import { networkInterfaces } from "node:os";
import { complain } from "./complaint.ts";
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
    const name = leadsTo(resource);
    names[resource.path] = name;
    if (resource.kind === "image" && resource.parents === "own" && resource.format === "qcow2")
      parents[name] = parentsOf(resource.path, resource.format);
  }
  refuseLinksOfTheMachine(resources, names);
  return { resources, names, parents, ownAddresses: ownAddresses() };
}

/** The name without links. A listening socket is made, and no link at its own name is followed then. @throws HostError where it leads nowhere */
export function leadsTo(resource: Extract<Resource, { path: string }>): string {
  const listens = resource.kind === "socket" && resource.operation === "listen";
  return resolveName(resource.path, listens ? "kept" : "followed");
}

/** What lies in a folder that the machine may write could lead wherever the machine wants it to. */
function refuseLinksOfTheMachine(resources: readonly Resource[], names: Placed["names"]): void {
  for (const shared of resources) {
    if (shared.kind !== "folder" || shared.access === "read") continue;
    const root = names[shared.path] ?? shared.path;
    for (const resource of resources) {
      if (!("path" in resource) || resource.path.startsWith("@") || resource.path === shared.path) continue;
      if (waysThrough(resource.path, names[resource.path] ?? resource.path).some((way) => isBelow(way, root)))
        complain(
          resource.origin,
          `${resource.path} lies in ${root}, which the machine may write: it could make it lead elsewhere`,
          "keep it outside of what is shared, or share with readonly=on",
        );
    }
  }
}

/** Where a name comes by, folder after folder, and where it leads. */
function waysThrough(path: string, leads: string): readonly string[] {
  const words = path.split("/");
  return [...words.slice(2).map((_, at) => realpathSync(words.slice(0, at + 2).join("/"))), leads];
}

function isBelow(name: string, root: string): boolean {
  return name.startsWith(root === "/" ? root : `${root}/`) || name === root;
}

/** The address of all hosts of a network, this one among them; none where a network has no room for it, or is one of IPv6. */
export function broadcastOf(address: string, netmask: string): readonly string[] {
  if (!isIPv4(address)) return [];
  const mask = netmask.split(".").map(Number);
  const broadcast = address.split(".").map((byte, at) => Number(byte) | (~(mask[at] ?? 255) & 255));
  return [broadcast.join(".")].filter((one) => one !== address);
}

function ownAddresses(): readonly string[] {
  const all = Object.values(networkInterfaces()).flatMap((list) => list ?? []);
  return [...new Set(all.flatMap(({ address, netmask }) => [address, ...broadcastOf(address, netmask)]))].sort();
}
