import { isIPv4 } from "node:net";
import { networkInterfaces } from "node:os";
import { type Parent, parentsOf } from "./parents.ts";
import { isShared, refuseWaysOfTheMachine } from "./refuse-ways.ts";
import type { Resource } from "./resource.ts";
import { type Way, wayOf } from "./way.ts";

/**
 * A description as this host has it at one moment: what a policy is made of, and what is recorded
 * of it.
 */
export interface Placed {
  readonly resources: readonly Resource[];
  /**
   * Names as described to names without links, where they differ or may come to differ: all of
   * them.
   */
  readonly names: Readonly<Record<string, string>>;
  /** By the real name of an image: what its header says it stands on. */
  readonly parents: Readonly<Record<string, readonly Parent[]>>;
  /** Addresses of the host itself, which user networking does not reach. */
  readonly ownAddresses: readonly string[];
}

export const nothing: Placed = { resources: [], names: {}, parents: {}, ownAddresses: [] };

/**
 * Looks at the host. This follows links and believes headers, so what comes of it is compared with
 * what was recorded before it is used (`record.ts`). `before`: what the machine's domain grants
 * already; only a machine that is off has none of that.
 * @throws HostError for names that lead nowhere, or to where the machine could redirect them, and
 *   for images that cannot be read
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
  // What it has had for long could lie in what it is to write from now on.
  if (found.some(({ resource }) => isShared(resource)))
    refuseWaysOfTheMachine(
      there.map((resource) => ({ resource, way: wayTo(resource) })),
      found,
    );
  const names = Object.fromEntries(found.map(({ resource, way }) => [resource.path, way.leadsTo]));
  return { resources, names, parents, ownAddresses: ownAddresses() };
}

/** Both together; where they differ the later one. */
export function placedTogether(before: Placed, more: Placed): Placed {
  return {
    resources: [...before.resources, ...more.resources],
    names: { ...before.names, ...more.names },
    parents: { ...before.parents, ...more.parents },
    ownAddresses: [...new Set([...before.ownAddresses, ...more.ownAddresses])].sort(),
  };
}

/** Without what belongs to a piece of the machine (`Origin`). */
export function placedWithout(placed: Placed, piece: string): Placed {
  return { ...placed, resources: placed.resources.filter(({ origin }) => origin.piece !== piece) };
}

type Named = Extract<Resource, { path: string }>;

/** Abstract sockets have no place. */
export function hasName(resource: Resource): resource is Named {
  return "path" in resource && !resource.path.startsWith("@");
}

/**
 * A listening socket is made, and no link at its own name is followed then. @throws HostError where
 * it leads nowhere
 */
export function wayTo(resource: Named): Way {
  const listens = resource.kind === "socket" && resource.operation === "listen";
  return wayOf(resource.path, listens ? "kept" : "followed");
}

/**
 * The address of all hosts of a network, this one among them; none where a network has no room for
 * it, or is one of IPv6.
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
