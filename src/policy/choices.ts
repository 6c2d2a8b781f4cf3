import type { BestEffort } from "../model/policy.ts";

/** Each layer that may be missing, and what the domain does without it then. */
export const bestEfforts = {
  addresses:
    "rules about addresses are not granted on a host where neither the kernel nor the mediator " +
    "can hold them",
  unix:
    "rules about unix sockets are not granted on a host where neither the kernel nor the " +
    "mediator can hold them",
  ioctl:
    "where the kernel cannot hold ioctl, the domain may use every ioctl on devices that it may " +
    "open, but for the terminal tricks that are always refused",
  ipc: "where the domain can have no IPC namespace of its own, what `ipc` grants is not granted",
} as const satisfies Readonly<Record<BestEffort, string>>;

export const bestEffortNames = Object.keys(bestEfforts) as readonly BestEffort[];

/** Layers that no domain is stopped for want of, and why: to agree to it would change nothing. */
export const needlessEfforts: Readonly<Record<string, string>> = {
  signals: "a domain also starts without Landlock's scopes; the mediator then judges each signal",
  events: "a domain also starts without the kernel's records, and logs what the mediator refuses",
};
