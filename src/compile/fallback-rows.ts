import { type FeatureName, featureNames } from "../kernel/features.ts";
import type { BestEffort } from "../model/policy.ts";
import { type Needs, needsNothing } from "./needs.ts";

/**
 * What happens where a feature is missing. `broker`: the mediator decides instead. `refuse`: what
 * needs it is refused, everything else works. `fail`: the domain does not start. `best-effort`: it
 * starts only if the policy says so, and the plan names the loss. `less`: only speed or visibility
 * is lost. `unused`: this mode does not use it.
 */
export type Without = "broker" | "refuse" | "best-effort" | "fail" | "less" | "unused";

/** The consequence for a domain in one of the modes. */
interface Consequence {
  /** Whether the domain needs it: the other stages could not avoid it. */
  readonly needed: (needs: Needs) => boolean;
  readonly without: Without;
  readonly bestEffort: BestEffort | null;
  /** What happens instead, as a sentence; empty where nothing needs to be said. */
  readonly instead: string;
}

interface FeatureRow {
  readonly purpose: string;
  readonly sealed: Consequence;
  readonly supervised: Consequence;
}

/** A feature's row for one mode. */
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
const withoutPrograms = less(
  "the mediator judges where sockets connect and send to: each such call is asked about",
);
const unseenDenials = less("only refusals of the broker are logged, not denials of the kernel");

/**
 * What follows where a feature is missing, as data. `docs/fallbacks.md` is made from it, and every
 * row is tested.
 */
const rows: Readonly<Record<FeatureName, FeatureRow>> = {
  "landlock-files": {
    purpose: "holding files",
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
    purpose: "keeping ioctl from devices that it may open",
    sealed: agreed(
      "ioctl",
      (needs) => needs.devicesWithoutIoctl,
      "every ioctl on devices that the domain may open is possible, but the terminal tricks that" +
        " are always refused",
    ),
    supervised: notSupervised,
  },
  "landlock-scope": {
    purpose: "keeping signals and abstract sockets inside",
    sealed: brokered(
      (needs) => needs.signalsHeld,
      "each signal is asked about; abstract sockets are judged with the other unix sockets",
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
    purpose: "asking the broker",
    sealed: fails(
      "no domain starts: bind, metadata and every refusal that is logged go through it",
    ),
    supervised: fails("no domain is supervised"),
  },
  "seccomp-addfd": {
    purpose: "files that the broker makes or opens for the domain, and memory files",
    sealed: refused(
      (needs) => needs.descriptors,
      "creating single names in shared directories and memfd_create fail; openat2 is absent",
    ),
    supervised: fails(
      "no domain is supervised: at enforcing the mediator could not hand over what it opens",
    ),
  },
  "seccomp-wait-killable": {
    purpose: "brokered calls that a signal must not tear in two",
    sealed: fails("no domain starts"),
    supervised: fails("no domain is supervised: a signal could tear any call in two"),
  },
  "seccomp-sync-wakeup": {
    purpose: "quick answers",
    sealed: less("a brokered call costs about three times as much"),
    supervised: less("every notified call costs about three times as much"),
  },
  "target-access": {
    purpose: "looking at what a brokered call is about",
    sealed: refused(
      always,
      "every brokered call is refused, openat2 is absent, and sockets that only the broker could" +
        " hold are not granted",
    ),
    supervised: fails("no domain is supervised: the mediator could not read calls' arguments"),
  },
  "memfd-noexec": {
    purpose: "memory files that cannot be executed",
    sealed: refused((needs) => needs.memoryFiles, "memfd_create fails"),
    supervised: refused((needs) => needs.memoryFiles, "memfd_create fails at enforcing"),
  },
  openat2: {
    purpose: "opening the very files that rules are about",
    sealed: fails("no domain starts"),
    supervised: fails("no domain is supervised: names could not be walked safely"),
  },
  "cgroup-inet": {
    purpose: "addresses and UDP",
    sealed: agreed(
      "addresses",
      (needs) => needs.addressesUnheld,
      "Landlock where TCP ports say it all, else the broker; where neither can, the grants are" +
        " lost",
    ),
    supervised: withoutPrograms,
  },
  "cgroup-unix": {
    purpose: "names of unix sockets",
    sealed: agreed(
      "unix",
      (needs) => needs.unixUnheld,
      "the broker connects, and peers see its process id; where it cannot, the grants are lost",
    ),
    supervised: withoutPrograms,
  },
  "private-ipc": {
    purpose: "System V and POSIX IPC of its own",
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
    sealed: unused("nothing: the landlock engine does not build on it"),
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
