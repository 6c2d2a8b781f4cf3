import type { BestEffort } from "../model/policy.ts";

/** What the domain does without each layer that may be missing. */
export const bestEfforts = {
  addresses:
    "on a host where neither the kernel nor the mediator can enforce rules about addresses, " +
    "the domain starts without these grants",
  unix: "the same for rules about unix sockets",
  ioctl:
    "if the kernel cannot restrict ioctl, the domain may use every ioctl on devices that it " +
    "may open, except the few on terminals that are always refused",
  ipc:
    "if the domain can have no IPC namespace of its own, it starts without the grants under " +
    "`ipc`",
} as const satisfies Readonly<Record<BestEffort, string>>;

/** Layers whose lack stops no domain, with the reason: listing them would have no effect. */
export const needlessEfforts: Readonly<Record<string, string>> = {
  signals: "a domain also starts without Landlock's scopes; the mediator then judges each signal",
  events:
    "a domain also starts without the kernel's records; only refusals by the mediator are then " +
    "logged",
};
