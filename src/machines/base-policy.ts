import { hasError } from "../diagnostics/diagnostic.ts";
import { renderDiagnostics } from "../diagnostics/render.ts";
import { HostError } from "../host/host-error.ts";
import { load } from "../host/load.ts";
import type { Places } from "../host/places.ts";
import type { Policy } from "../model/policy.ts";
import { printPolicy } from "../policy/print.ts";
import type { Grants } from "./policy.ts";

const MESSAGE_WIDTH = 100;

/**
 * What every machine may do: the template, or for this machine `vm@NAME.yaml`, which an
 * administrator wrote in the policies' folders. @throws HostError
 */
export function basePolicy(places: Places, domain: string): Policy {
  // The policies of running machines do not count here: they were made from this one.
  const { policy, diagnostics, sources } = load({ ...places, asRoot: false }, { name: domain });
  if (policy !== null) return policy;
  const errors = diagnostics.filter((diagnostic) => hasError([diagnostic]));
  throw new HostError(
    `the policy of ${domain} cannot be used\n` +
      `${renderDiagnostics(errors, { color: false, sources, width: MESSAGE_WIDTH })}`,
    `cofferdam check ${domain}`,
  );
}

/** The whole policy of one machine as a file, without includes. */
export function machinePolicy(
  base: Policy,
  grants: readonly Grants[],
  user: string | null,
): string {
  return printPolicy({
    ...base,
    names: [...base.names, ...grants.flatMap(({ names }) => names)],
    addresses: [...base.addresses, ...grants.flatMap(({ addresses }) => addresses)],
    user: user ?? base.user,
  });
}
