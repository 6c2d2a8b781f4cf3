import type { FeatureName } from "../kernel/host-facts.ts";
import type { BestEffort } from "../model/policy.ts";
import { type Needs, needsNothing } from "./needs.ts";

/**
 * What is done where a feature is missing. `broker`: the mediator decides instead. `refuse`: what
 * would need it is refused, the rest goes on. `fail`: the domain does not start; `best-effort`: it
 * starts only if the policy says so, and the plan names the loss. `less`: nothing is lost but speed
 * or sight. `unused`: this engine does not build on it.
 */
export type Without = "broker" | "refuse" | "best-effort" | "fail" | "less" | "unused";

export interface Fallback {
  readonly feature: FeatureName;
  readonly purpose: string;
  /** The domain needs it: what the other stages could not decide around. */
  readonly needed: (needs: Needs) => boolean;
  readonly without: Without;
  readonly bestEffort: BestEffort | null;
  /** What happens then, as a sentence. */
  readonly instead: string;
}

const always = () => true;

/**
 * What follows where a feature is missing, as data: `docs/fallbacks.md` is made of it, and every
 * row is tested.
 */
export const fallbackRows: Readonly<Record<FeatureName, Omit<Fallback, "feature">>> = {
  "landlock-files": {
    purpose: "holding files",
    needed: always,
    without: "fail",
    bestEffort: null,
    instead: "no domain starts",
  },
  "landlock-tcp": {
    purpose: "TCP ports without root",
    needed: (needs) => needs.landlockPorts,
    without: "broker",
    bestEffort: null,
    instead: "cgroup programs as root, else the broker judges each connect and bind",
  },
  "landlock-ioctl": {
    purpose: "keeping ioctl from devices that it may open",
    needed: (needs) => needs.devicesWithoutIoctl,
    without: "best-effort",
    bestEffort: "ioctl",
    instead:
      "every ioctl on devices that the domain may open is possible, but the terminal tricks that are always refused",
  },
  "landlock-scope": {
    purpose: "keeping signals and abstract sockets inside",
    needed: (needs) => needs.signalsHeld,
    without: "broker",
    bestEffort: null,
    instead: "each signal is asked about; abstract sockets are judged with the other unix sockets",
  },
  "landlock-log": {
    purpose: "the kernel's records of its denials",
    needed: always,
    without: "less",
    bestEffort: null,
    instead: "only what the broker refuses is seen; denials of the kernel are not",
  },
  "landlock-unix": {
    purpose: "pathname unix sockets without root",
    needed: needsNothing,
    without: "unused",
    bestEffort: null,
    instead: "cgroup programs as root, else the broker",
  },
  "restrict-without-nnp": {
    purpose: "programs that gain privileges when they are executed",
    needed: (needs) => needs.setUserId,
    without: "fail",
    bestEffort: null,
    instead: "a domain with `set-user-id` does not start",
  },
  "seccomp-notify": {
    purpose: "asking the broker",
    needed: always,
    without: "fail",
    bestEffort: null,
    instead: "no domain starts: bind, metadata and every refusal that is logged go through it",
  },
  "seccomp-addfd": {
    purpose: "files that the broker makes or opens for the domain, and memory files",
    needed: (needs) => needs.descriptors,
    without: "refuse",
    bestEffort: null,
    instead: "creating single names in shared directories and memfd_create fail; openat2 is absent",
  },
  "seccomp-wait-killable": {
    purpose: "brokered calls that a signal must not tear in two",
    needed: always,
    without: "fail",
    bestEffort: null,
    instead: "no domain starts",
  },
  "seccomp-sync-wakeup": {
    purpose: "quick answers",
    needed: always,
    without: "less",
    bestEffort: null,
    instead: "a brokered call costs about three times as much",
  },
  "target-access": {
    purpose: "looking at what a brokered call is about",
    needed: always,
    without: "refuse",
    bestEffort: null,
    instead:
      "every brokered call is refused, openat2 is absent, and sockets that only the broker " +
      "could hold are not granted",
  },
  "memfd-noexec": {
    purpose: "memory files that cannot be executed",
    needed: (needs) => needs.memoryFiles,
    without: "refuse",
    bestEffort: null,
    instead: "memfd_create fails",
  },
  openat2: {
    purpose: "opening the very files that rules are about",
    needed: always,
    without: "fail",
    bestEffort: null,
    instead: "no domain starts",
  },
  "cgroup-inet": {
    purpose: "addresses and UDP",
    needed: (needs) => needs.addressesUnheld,
    without: "best-effort",
    bestEffort: "addresses",
    instead:
      "Landlock where TCP ports say it all, else the broker; where neither can, the grants are lost",
  },
  "cgroup-unix": {
    purpose: "names of unix sockets",
    needed: (needs) => needs.unixUnheld,
    without: "best-effort",
    bestEffort: "unix",
    instead:
      "the broker connects, and peers see its process id; where it cannot, the grants are lost",
  },
  "private-ipc": {
    purpose: "System V and POSIX IPC of its own",
    needed: (needs) => needs.ipc,
    without: "best-effort",
    bestEffort: "ipc",
    instead: "the grants under `ipc` are lost",
  },
  "audit-read": {
    purpose: "reading the kernel's records of its denials",
    needed: always,
    without: "less",
    bestEffort: null,
    instead: "only what the broker refuses is seen; denials of the kernel are not",
  },
  "bpf-lsm": {
    purpose: "the engine of that name",
    needed: needsNothing,
    without: "unused",
    bestEffort: null,
    instead: "nothing: the landlock engine does not build on it",
  },
};
