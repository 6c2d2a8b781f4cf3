import { HostError } from "../host/host-error.ts";
import type { Machine } from "./machine.ts";
import { hasName, type Placed, wayTo } from "./place.ts";
import { type Difference, differences } from "./record.ts";
import type { Resource } from "./resource.ts";

/**
 * Names in a machine's description that lead elsewhere now than when the domain's policy was made.
 * Does not read headers of images.
 */
export function driftOf({ placed }: Machine): readonly Difference[] {
  return [...new Set(placed.resources.flatMap((resource) => driftOfOne(resource, placed)))];
}

function driftOfOne(resource: Resource, placed: Placed): readonly Difference[] {
  if (!hasName(resource)) return [];
  try {
    return differences(placed, {
      names: { [resource.path]: wayTo(resource).leadsTo },
      parents: {},
    });
  } catch (error) {
    if (error instanceof HostError) return [error.message];
    throw error;
  }
}
