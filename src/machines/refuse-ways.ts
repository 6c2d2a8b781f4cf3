import { complain } from "./complaint.ts";
import type { Resource } from "./resource.ts";
import type { Way } from "./way.ts";

/** A resource with a name on the host, and where that name leads. */
export interface PlacedName {
  readonly resource: Extract<Resource, { path: string }>;
  readonly way: Way;
}

/**
 * Refuses names that the machine could redirect: through a link at a name that it may make, or
 * anywhere in a folder that it may write. `makers`: what it may make and write, now and by earlier
 * grants of its domain.
 * @throws HostError
 */
export function refuseWaysOfTheMachine(
  found: readonly PlacedName[],
  makers: readonly PlacedName[],
): void {
  for (const { resource, way } of found)
    for (const maker of makers) {
      const root = maker.way.leadsTo;
      if (
        maker.resource.path !== resource.path &&
        isShared(maker.resource) &&
        way.through.some((at) => isBelow(at, root))
      )
        complain(
          resource.origin,
          `${resource.path} lies in ${root}, which the machine may write: it could make it ` +
            "lead elsewhere",
          "keep it outside of what is shared, or share with readonly=on",
        );
      if (isMade(maker.resource) && way.leadsTo !== root && way.through.includes(root))
        complain(
          resource.origin,
          `${resource.path} leads by way of ${root}, which is a link that the machine could ` +
            "have made",
          "look where it leads and name that; of a machine that is off, cofferdam vm accept",
        );
    }
}

export function isShared(resource: Resource): boolean {
  return resource.kind === "folder" && resource.access === "read-write";
}

/**
 * Whether the machine may make this name. A name that it makes is judged again when it is opened.
 */
function isMade(resource: Resource): boolean {
  if (resource.kind === "file") return resource.use === "log" || resource.use === "make";
  return resource.kind === "socket" && resource.operation === "listen";
}

function isBelow(name: string, root: string): boolean {
  return name.startsWith(root === "/" ? root : `${root}/`) || name === root;
}
