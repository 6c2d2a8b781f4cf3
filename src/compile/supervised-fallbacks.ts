import { type FeatureName, featureNames } from "../kernel/host-facts.ts";
import { type Fallback, fallbackRows } from "./fallback-rows.ts";
import { type Needs, needsNothing } from "./needs.ts";

type Row = Pick<Fallback, "needed" | "without" | "bestEffort" | "instead">;

const always = () => true;
const noDomain = (instead: string): Row => ({
  needed: always,
  without: "fail",
  bestEffort: null,
  instead,
});
const unused: Row = {
  needed: needsNothing,
  without: "unused",
  bestEffort: null,
  instead: "nothing: supervision does not build on it",
};

const withoutPrograms: Row = {
  needed: always,
  without: "less",
  bestEffort: null,
  instead: "the mediator judges where sockets connect and send to: each such call is asked about",
};

/**
 * What follows for a supervised domain: it stands on notifications alone, and what it does not
 * stand on is `unused`.
 */
const rows: Readonly<Record<FeatureName, Row>> = {
  "landlock-files": unused,
  "landlock-tcp": unused,
  "landlock-ioctl": unused,
  "landlock-scope": unused,
  "landlock-log": unused,
  "landlock-unix": unused,
  "restrict-without-nnp": {
    needed: (needs: Needs) => needs.setUserId,
    without: "fail",
    bestEffort: null,
    instead:
      "a domain with `set-user-id` does not start; every other one has no_new_privs at every level, so that set-user-id programs gain nothing",
  },
  "seccomp-notify": noDomain("no domain is supervised"),
  "seccomp-addfd": noDomain(
    "no domain is supervised: at enforcing the mediator could not hand over what it opens",
  ),
  "seccomp-wait-killable": noDomain("no domain is supervised: a signal could tear any call in two"),
  "seccomp-sync-wakeup": {
    needed: always,
    without: "less",
    bestEffort: null,
    instead: "every notified call costs about three times as much",
  },
  "target-access": noDomain("no domain is supervised: nobody could read what a call is about"),
  "memfd-noexec": {
    needed: (needs: Needs) => needs.memoryFiles,
    without: "refuse",
    bestEffort: null,
    instead: "memfd_create fails at enforcing",
  },
  openat2: noDomain("no domain is supervised: names could not be walked safely"),
  "cgroup-inet": withoutPrograms,
  "cgroup-unix": withoutPrograms,
  "private-ipc": {
    needed: (needs: Needs) => needs.ipc,
    without: "best-effort",
    bestEffort: "ipc",
    instead: "the grants under `ipc` are lost at enforcing",
  },
  "audit-read": unused,
  "bpf-lsm": unused,
};

/** One row a feature, in the order of the probes. */
export const supervisedFallbacks: readonly Fallback[] = featureNames.map((feature) => ({
  ...{ feature, purpose: fallbackRows[feature].purpose },
  ...rows[feature],
}));

/** Nothing that a sealed domain alone would need. */
export const supervisedNeeds: Needs = {
  ...{
    landlockPorts: false,
    devicesWithoutIoctl: false,
    signalsHeld: false,
    setUserId: false,
    descriptors: false,
  },
  ...{ memoryFiles: false, addressesUnheld: false, unixUnheld: false, ipc: false },
};
