import { readdirSync } from "node:fs";
import { join } from "node:path";
import { hostSwitches } from "../../../src/model/host-switches.ts";
import { root } from "../../house/tree.ts";
import { type Act, secondThread } from "./actor.ts";
import { addressIn, listenerOf } from "./confiner.ts";

const signals = [
  "signal",
  "signal-group",
  "queue",
  "signal-folder",
  "owner",
  "owner-ex",
  "owner-ioctl",
  "pidfd",
];
const byThread = ["signal-thread", "signal-by-thread", "signal-both", "oom-score-by-thread"];
const control = ["limits", "affinity", "scheduler", "nice", "nice-group", "ioprio", "migrate"];
const looks = ["seize", "attach", "kcmp", "robust-list", "mem", "environ", "maps"];
const writes = ["oom-score", "coredump-filter", "clear-refs"];
const byDescriptor = ["getfd", "descriptor"];
const byAddress = ["vm-read", "advise"];

/** Everything that is tried on one process. */
export function onProcess(pid: number): readonly Act[] {
  const each = (names: readonly string[], number?: number): Act[] =>
    names.map((act) => [act, pid, number]);
  return [
    ...each([...signals, ...control, ...looks, ...writes]),
    ...each(byThread, secondThread(pid)),
    ...each(byDescriptor, listenerOf(pid)),
    ...each(byAddress, addressIn(pid)),
  ];
}

const reading = ["read", "lock", "link"];
const changing = [
  "write",
  "append",
  "empty",
  "empty-open",
  "lock-for-writing",
  "map",
  "move",
  "replace",
];
const marking = ["mode", "owner-of", "times", "attribute"];
const making = ["make", "make-folder", "make-link", "plant"];
const reaching = [
  ...[
    "connect",
    "connect-here",
    "connect-link",
    "connect-hard-link",
    "connect-root",
    "connect-dots",
  ],
  ...["connect-descriptor"],
];

/** Each act once, with what a stand-in for it must be. */
export const kinds: readonly (readonly [kind: string, acts: readonly string[]])[] = [
  ["file", [...reading, ...changing, ...marking, "remove", "put"]],
  ["nothing", making],
  ["folder", ["list", "mount", "remove-folder"]],
  ["control.sock", [...reaching, "pass"]],
  ["mediator.sock", ["connect-packets", "pass-packets"]],
];

const times = (path: string, acts: readonly string[]): Act[] => acts.map((act) => [act, path]);
const file = [...reading, ...changing, ...marking, "remove"];
const newest = (folder: string, begin: string): string =>
  join(
    folder,
    readdirSync(folder).find((name) => name.startsWith(begin)) ?? `${begin}-there-is-none`,
  );

/** What is tried on Cofferdam's files and folders; the daemon is the attacker's own run. */
export function onOwnNames(domain: string, daemon: number, policy: string): readonly Act[] {
  const run = "/run/cofferdam";
  const log = "/var/log/cofferdam";
  const state = "/var/lib/cofferdam";
  return [
    ...times(`${run}/table`, file),
    ...times(run, ["list", "move", "remove-folder"]),
    ...times(`${run}/new`, making),
    ...["agent", "mediator"].flatMap((name) =>
      times(`${run}/${name}.lock`, ["lock", "lock-for-writing", "remove"]),
    ),
    ...times(`${run}/live/1`, making),
    ...times(`${run}/live`, ["move", "list"]),
    // Links: they are read by their text.
    ...times(`${run}/runs/${daemon}`, ["remove", "move", "replace"]),
    ...times(`${run}/runs/1`, making),
    ...times(newest(`${run}/plans`, domain), file),
    ...times(`${run}/plans/${domain}-0.plan`, making),
    ...times(`${state}/numbers.json`, file),
    ...times(`${state}/numbers.json.before`, [...making, "replace"]),
    ...times(`${state}/numbers.json.lock`, ["lock", "lock-for-writing", "remove"]),
    ...times(`${state}/levels/${domain}.json`, making),
    ...times(`${state}/levels`, ["move", "list", "remove-folder"]),
    ...times(`${log}/events.jsonl`, file),
    ...times(`${log}/events.head`, file),
    // Names that logs are closed under, or will be.
    ...[
      "events.jsonl.1",
      "events.jsonl.8",
      "vmkernel.log",
      "vmkernel.log.1",
      "vobd.log",
      "vobd.log.1",
    ].flatMap((name) => times(`${log}/${name}`, [...making, "replace"])),
    ...times(`${state}/forwarding.json`, ["plant", "remove", "replace"]),
    ...times(log, ["move", "list"]),
    ...times("/etc/cofferdam", ["make-folder", "move"]),
    ...times("/etc/cofferdam/domains", ["make-folder"]),
    ...[
      "bin/cofferdam",
      "dist/mediator.js",
      "dist/cofferdam.js",
      "domains/nginx.yaml",
      "package.json",
    ].flatMap((name) => times(join(root, name), [...changing, ...marking, "remove"])),
    ...times(policy, [...changing, ...marking, "remove"]),
  ];
}

/** Out of its control group, or others into one that is frozen or gone. */
export function onControlGroups(folders: readonly string[]): readonly Act[] {
  return folders.flatMap((folder): Act[] => [
    ["put", `${folder}/cgroup.procs`],
    ["make-folder", `${folder}/cofferdam-escape`],
  ]);
}

export function onSockets(): readonly Act[] {
  const [control, mediator] = ["/run/cofferdam/control.sock", "/run/cofferdam/mediator.sock"];
  return [
    ...times(control, [...reaching, "pass", "remove", "move", "replace", "mode"]),
    ...times(mediator, [
      "connect-packets",
      "pass-packets",
      ...reaching.slice(1),
      "remove",
      "move",
      "replace",
      "mode",
    ]),
  ];
}

/** Only opened: no switch is changed here. */
export function onSwitches(): readonly Act[] {
  return hostSwitches.filter((path) => !path.endsWith("/")).map((path) => ["write", path]);
}
