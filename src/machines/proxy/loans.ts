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
 * When the grant of a command ends: with its answer, with the answer to another command, when the
 * emulator says that the work is over, or when the machine is off.
 */
export type Ending = { readonly by: "answer" | "power-off" } | Ended | Asked;

export interface Ended {
  readonly by: "command";
  readonly commands: readonly string[];
  /**
   * The names in the arguments, of this command and of those that end it. A command ends the grant
   * if it has one name in common.
   */
  names(given: Message): readonly unknown[];
}

export interface Asked {
  readonly by: "question";
  /** The command by which the emulator is asked. */
  readonly question: string;
  /** The event after which it is asked. */
  readonly event: string;
  /** Clients get this event only if they asked for it, so the proxy also asks now and then. */
  readonly isQuiet: boolean;
  /** Whether the answer says that the work with this id goes on. */
  goesOn(answer: unknown, id: string): boolean;
}

export interface Loan {
  /** Reads the command; the argument's value is its arguments as JSON. @throws HostError */
  read(argument: Argument, to: Description): void;
  /** The argument with the id of the work that the command begins. */
  readonly id?: string;
  readonly ending: Ending;
}

/**
 * Values of MigrationStatus in which more connections to the same place may come; all others are an
 * end.
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

/** Commands that need a grant for a time, and for how long. */
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
