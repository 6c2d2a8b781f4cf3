import type { Description } from "../description.ts";
import type { Argument } from "../qemu/argument.ts";
import {
  anotherChardev,
  blockExport,
  displayAddresses,
  dump,
  fileNamed,
  medium,
  move,
  nbdServer,
  partsOf,
  reopen,
} from "../qemu/command-places.ts";
import { type Message, membersOf } from "./lines.ts";

/**
 * When what a command names is over: with its answer; with the answer to another command; when the
 * emulator says so; with the machine.
 */
export type Ending = { readonly by: "answer" | "power-off" } | Ended | Asked;

export interface Ended {
  readonly by: "command";
  readonly commands: readonly string[];
  /** What the arguments name, of this command and of those that end it; one in common is enough. */
  names(given: Message): readonly unknown[];
}

export interface Asked {
  readonly by: "question";
  /** The command that asks. */
  readonly question: string;
  /** The event that makes it worth asking. */
  readonly event: string;
  /** Only a client that has asked for the event gets it. */
  readonly isQuiet: boolean;
  /** Whether what bears this id goes on, by the answer. */
  goesOn(answer: unknown, id: string): boolean;
}

export interface Loan {
  /** What the command names; its value is the command's arguments as JSON. @throws HostError */
  read(argument: Argument, to: Description): void;
  /** The argument that names what the command begins. */
  readonly id?: string;
  readonly ending: Ending;
}

/**
 * MigrationStatus while further connections to the same place may come; every other one is an end.
 */
export const movingStates: readonly string[] = [
  "setup",
  "cancelling",
  "active",
  "postcopy-active",
  "postcopy-paused",
  "postcopy-recover-setup",
  "postcopy-recover",
  "colo",
  "pre-switchover",
  "device",
  "wait-unplug",
];

export const moved: Asked = {
  by: "question",
  question: "query-migrate",
  event: "MIGRATION",
  isQuiet: true,
  goesOn: (answer) => movingStates.includes(String(memberOf(answer, "status"))),
};
const dumped: Ending = {
  by: "question",
  question: "query-dump",
  event: "DUMP_COMPLETED",
  isQuiet: false,
  goesOn: (answer) => memberOf(answer, "status") === "active",
};
const exported: Ending = {
  by: "question",
  question: "query-block-exports",
  event: "BLOCK_EXPORT_DELETED",
  isQuiet: false,
  goesOn: (answer, id) => Array.isArray(answer) && answer.some((one) => memberOf(one, "id") === id),
};

const stopped: Ending = { by: "command", commands: ["nbd-server-stop"], names: () => [""] };
const taken: Ending = {
  by: "command",
  commands: ["blockdev-remove-medium", "eject", "blockdev-change-medium"],
  names: ({ id, device }) => [id ?? device],
};
const changed: Ending = {
  by: "command",
  commands: ["chardev-remove", "chardev-change"],
  names: ({ id }) => [id],
};
const reopened: Ending = {
  by: "command",
  commands: ["blockdev-del"],
  names: (given) => [
    given["node-name"],
    ...partsOf(given.options).map((part) => memberOf(part, "node-name")),
  ],
};

/** Commands that name a place of the host for a time, and for how long. */
export const loans: ReadonlyMap<string, Loan> = new Map<string, Loan>([
  ["migrate", { read: move("connect"), ending: moved }],
  ["migrate-incoming", { read: move("listen"), ending: moved }],
  ["migrate-recover", { read: move("listen"), ending: moved }],
  ["memsave", { read: fileNamed("log", "val", "size", "cpu-index"), ending: { by: "answer" } }],
  ["pmemsave", { read: fileNamed("log", "val", "size"), ending: { by: "answer" } }],
  ["screendump", { read: fileNamed("log", "device", "head", "format"), ending: { by: "answer" } }],
  ["dumpdtb", { read: fileNamed("log"), ending: { by: "answer" } }],
  ["xen-save-devices-state", { read: fileNamed("log", "live"), ending: { by: "answer" } }],
  ["xen-load-devices-state", { read: fileNamed("read"), ending: { by: "answer" } }],
  ["dump-guest-memory", { read: dump, ending: dumped }],
  ["nbd-server-start", { read: nbdServer, ending: stopped }],
  ["block-export-add", { read: blockExport, id: "id", ending: exported }],
  ["blockdev-change-medium", { read: medium, ending: taken }],
  ["chardev-change", { read: anotherChardev, ending: changed }],
  ["blockdev-reopen", { read: reopen, ending: reopened }],
  ["display-update", { read: displayAddresses, ending: { by: "power-off" } }],
]);

function memberOf(value: unknown, name: string): unknown {
  return membersOf(value)[name];
}
