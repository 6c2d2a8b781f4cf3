import { type FeatureName, featureNames } from "../kernel/features.ts";
import type { BestEffort } from "../model/policy.ts";
import { type Needs, needsNothing } from "./needs.ts";

/**
 * What happens without a feature. `broker`: the mediator decides instead. `refuse`: what needs the
 * feature is refused, everything else works. `fail`: the domain does not start. `best-effort`: it
 * starts only if the policy says so, and the plan names the loss. `less`: only speed or visibility
 * is lost. `unused`: this mode does not use it.
 */
export type Without = "broker" | "refuse" | "best-effort" | "fail" | "less" | "unused";

interface Consequence {
  /** Whether the domain needs the feature, because no other stage can do without it. */
  readonly needed: (needs: Needs) => boolean;
  readonly without: Without;
  readonly bestEffort: BestEffort | null;
  /** As a sentence; empty if nothing needs to be said. */
  readonly instead: string;
}

interface FeatureRow {
  readonly purpose: string;
  readonly sealed: Consequence;
  readonly supervised: Consequence;
}

export type Fallback = { readonly feature: FeatureName } & Pick<FeatureRow, "purpose"> &
  Consequence;

type Needed = Consequence["needed"];
const always: Needed = () => true;

const fails = (instead: string, needed = always): Consequence => ({
  needed,
  without: "fail",
  bestEffort: null,
  instead,
});
const less = (instead: string): Consequence => ({
  needed: always,
  without: "less",
  bestEffort: null,
  instead,
});
const brokered = (needed: Needed, instead: string): Consequence => ({
  needed,
  without: "broker",
  bestEffort: null,
  instead,
});
const refused = (needed: Needed, instead: string): Consequence => ({
  needed,
  without: "refuse",
  bestEffort: null,
  instead,
});
const agreed = (bestEffort: BestEffort, needed: Needed, instead: string): Consequence => ({
  needed,
  without: "best-effort",
  bestEffort,
  instead,
});
const unused = (instead: string): Consequence => ({
  needed: needsNothing,
  without: "unused",
  bestEffort: null,
  instead,
});

/** A supervised domain relies on notifications alone. */
const notSupervised = unused("");
const withoutPrograms = less("the mediator decides each connect and send");
const unseenDenials = less("only refusals of the broker are logged, not denials of the kernel");

/** `docs/fallbacks.md` is made from these rows, and every row is tested. */
const rows: Readonly<Record<FeatureName, FeatureRow>> = {
  "landlock-files": {
    purpose: "enforcing rules on files",
    sealed: fails("no domain starts"),
    supervised: notSupervised,
  },
  "landlock-tcp": {
    purpose: "TCP ports without root",
    sealed: brokered(
      (needs) => needs.landlockPorts,
      "cgroup programs as root, else the broker judges each connect and bind",
    ),
    supervised: notSupervised,
  },
  "landlock-ioctl": {
    purpose: "refusing ioctl on devices that the domain may open",
    sealed: agreed(
      "ioctl",
      (needs) => needs.devicesWithoutIoctl,
      "the domain may use every ioctl on devices that it may open, except the few on terminals " +
        "that are always refused",
    ),
    supervised: notSupervised,
  },
  "landlock-scope": {
    purpose: "keeping signals and abstract sockets inside the domain",
    sealed: brokered(
      (needs) => needs.signalsHeld,
      "the broker decides each signal; abstract sockets are judged with the other unix sockets",
    ),
    supervised: notSupervised,
  },
  "landlock-log": {
    purpose: "the kernel's records of its denials",
    sealed: unseenDenials,
    supervised: notSupervised,
  },
  "landlock-unix": {
    purpose: "pathname unix sockets without root",
    sealed: unused("cgroup programs as root, else the broker"),
    supervised: notSupervised,
  },
  "restrict-without-nnp": {
    purpose: "programs that gain privileges when they are executed",
    sealed: fails("a domain with `set-user-id` does not start", (needs) => needs.setUserId),
    supervised: fails(
      "a domain with `set-user-id` does not start; every other one has no_new_privs at every" +
        " level, so that set-user-id programs gain nothing",
      (needs) => needs.setUserId,
    ),
  },
  "seccomp-notify": {
    purpose: "notifying the broker",
    sealed: fails(
      "no domain starts: the broker could not decide bind and metadata, nor log a refusal",
    ),
    supervised: fails("no domain is supervised"),
  },
  "seccomp-addfd": {
    purpose: "files that the broker makes or opens for the domain, and memory files",
    sealed: refused(
      (needs) => needs.descriptors,
      "creating single names in shared directories and memfd_create fail; openat2 is absent; late" +
        " names stay refused (`late-names: brokered`)",
    ),
    supervised: fails(
      "no domain is supervised: at enforcing the mediator could not hand over what it opens",
    ),
  },
  "seccomp-wait-killable": {
    purpose: "keeping signals from interrupting a brokered call",
    sealed: fails("no domain starts"),
    supervised: fails("no domain is supervised: a signal could interrupt any call halfway"),
  },
  "seccomp-sync-wakeup": {
    purpose: "quick answers",
    sealed: less("a brokered call costs about three times as much"),
    supervised: less("every notified call costs about three times as much"),
  },
  "target-access": {
    purpose: "reading the arguments of brokered calls",
    sealed: refused(
      always,
      "every brokered call is refused, openat2 is absent, and grants of sockets that need the " +
        "broker are lost",
    ),
    supervised: fails("no domain is supervised: the mediator could not read calls' arguments"),
  },
  "memfd-noexec": {
    purpose: "memory files that cannot be executed",
    sealed: refused((needs) => needs.memoryFiles, "memfd_create fails"),
    supervised: refused((needs) => needs.memoryFiles, "memfd_create fails at enforcing"),
  },
  mdwe: {
    purpose: "memory that the kernel itself keeps from becoming code",
    sealed: less("the filter alone refuses to make memory executable"),
    supervised: notSupervised,
  },
  openat2: {
    purpose: "opening files without following links",
    sealed: fails("no domain starts"),
    supervised: fails("no domain is supervised: names could not be walked safely"),
  },
  "cgroup-inet": {
    purpose: "addresses and UDP",
    sealed: agreed(
      "addresses",
      (needs) => needs.addressesUnheld,
      "Landlock if the policy grants TCP by port alone, otherwise the broker; if neither is " +
        "possible, the grants are lost",
    ),
    supervised: withoutPrograms,
  },
  "cgroup-unix": {
    purpose: "names of unix sockets",
    sealed: agreed(
      "unix",
      (needs) => needs.unixUnheld,
      "the broker connects, and peers see its process id; if it cannot, the grants are lost",
    ),
    supervised: withoutPrograms,
  },
  "private-ipc": {
    purpose: "System V and POSIX IPC of the domain's own",
    sealed: agreed("ipc", (needs) => needs.ipc, "the grants under `ipc` are lost"),
    supervised: agreed("ipc", (needs) => needs.ipc, "the grants under `ipc` are lost at enforcing"),
  },
  "audit-read": {
    purpose: "reading the kernel's records of its denials",
    sealed: unseenDenials,
    supervised: notSupervised,
  },
  "bpf-lsm": {
    purpose: "the engine of that name",
    sealed: unused("the landlock engine does not use it"),
    supervised: notSupervised,
  },
};

/** In the order of the probes. */
function fallbacksOf(way: "sealed" | "supervised"): readonly Fallback[] {
  return featureNames.map((feature) => {
    const { purpose, [way]: consequence } = rows[feature];
    return { feature, purpose, ...consequence };
  });
}

export const sealedFallbacks = fallbacksOf("sealed");
export const supervisedFallbacks = fallbacksOf("supervised");
