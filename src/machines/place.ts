import { isIPv4 } from "node:net";
import { networkInterfaces } from "node:os";
import { type Parent, parentsOf } from "./parents.ts";
import { isShared, refuseWaysOfTheMachine } from "./refuse-ways.ts";
import type { Resource } from "./resource.ts";
import { type Way, wayOf } from "./way.ts";

/**
 * A description together with what the host has under its names at one moment. The policy and the
 * record are made from it.
 */
export interface Placed {
  readonly resources: readonly Resource[];
  /**
   * For each name of the description, the name without links. Also has names that contain no link
   * now, since one may appear later.
   */
  readonly names: Readonly<Record<string, string>>;
  /** For each image, by its real name, what its header depends on. */
  readonly parents: Readonly<Record<string, readonly Parent[]>>;
  readonly ownAddresses: readonly string[];
}

export const nothing: Placed = { resources: [], names: {}, parents: {}, ownAddresses: [] };

/**
 * Looks up on the host what the resources name. It follows links and trusts headers, so the caller
 * must compare the result with the record before use (`record.ts`). `before`: what the machine's
 * domain grants already, nothing for a machine that is off.
 * @throws HostError for names that lead nowhere, or to where the machine could redirect them, and
 * for images that cannot be read
 */
export function placeResources(resources: readonly Resource[], before = nothing): Placed {
  const parents: Record<string, readonly Parent[]> = {};
  const found = resources.filter(hasName).map((resource) => ({ resource, way: wayTo(resource) }));
  const ofParents = found.flatMap(({ resource, way: { leadsTo } }) => {
    if (resource.kind !== "image" || resource.parents !== "own" || resource.format !== "qcow2")
      return [];
    const all = parentsOf(resource.path, resource.format);
    parents[leadsTo] = all.map(({ role, format, way }) => ({ role, path: way.leadsTo, format }));
    return all.map(({ way }) => ({ resource, way }));
  });
  const there = before.resources.filter(hasName);
  const granted = there.map((resource) => {
    const leadsTo = before.names[resource.path] ?? resource.path;
    return { resource, way: { leadsTo, through: [] } };
  });
  const all = [...found, ...ofParents];
  refuseWaysOfTheMachine(all, [...all, ...granted]);
  // A name granted earlier could lie in a folder that the machine may write from now on.
  if (found.some(({ resource }) => isShared(resource)))
    refuseWaysOfTheMachine(
      there.map((resource) => ({ resource, way: wayTo(resource) })),
      found,
    );
  const names = Object.fromEntries(found.map(({ resource, way }) => [resource.path, way.leadsTo]));
  return { resources, names, parents, ownAddresses: ownAddresses() };
}

/** Both together; for a name in both, `more` counts. */
export function placedTogether(before: Placed, more: Placed): Placed {
  return {
    resources: [...before.resources, ...more.resources],
    names: { ...before.names, ...more.names },
    parents: { ...before.parents, ...more.parents },
    ownAddresses: [...new Set([...before.ownAddresses, ...more.ownAddresses])].sort(),
  };
}

export function placedWithout(placed: Placed, piece: string): Placed {
  return { ...placed, resources: placed.resources.filter(({ origin }) => origin.piece !== piece) };
}

type Named = Extract<Resource, { path: string }>;

/** Abstract sockets have no place in the file system. */
export function hasName(resource: Resource): resource is Named {
  return "path" in resource && !resource.path.startsWith("@");
}

/**
 * Binding a listening socket does not follow a link at its own name. @throws HostError if it leads
 * nowhere
 */
export function wayTo(resource: Named): Way {
  const listens = resource.kind === "socket" && resource.operation === "listen";
  return wayOf(resource.path, listens ? "kept" : "followed");
}

/**
 * The broadcast address of a network, which also reaches this host. Empty for IPv6, and for a
 * network too small to have one.
 */
export function broadcastOf(address: string, netmask: string): readonly string[] {
  if (!isIPv4(address)) return [];
  const mask = netmask.split(".").map(Number);
  const broadcast = address.split(".").map((byte, at) => Number(byte) | (~(mask[at] ?? 255) & 255));
  return [broadcast.join(".")].filter((one) => one !== address);
}

function ownAddresses(): readonly string[] {
  const all = Object.values(networkInterfaces()).flatMap((list) => list ?? []);
  return [
    ...new Set(all.flatMap(({ address, netmask }) => [address, ...broadcastOf(address, netmask)])),
  ].sort();
}
