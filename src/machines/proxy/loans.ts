import { complain } from "../complaint.ts";
import type { Description } from "../description.ts";
import type { Argument } from "../qemu/argument.ts";
import { migration } from "../qemu/incoming.ts";
import { Keys } from "../qemu/keys.ts";
import { socketAddress } from "../qemu/socket-address.ts";
import type { FileUse, Operation } from "../resource.ts";

/** When what a command names is over: with its answer; with the answer to another command; when the emulator says so; with the machine. */
export type Ending =
  | { readonly by: "answer" | "power-off" }
  | { readonly by: "command"; readonly command: string }
  | Asked;

export interface Asked {
  readonly by: "question";
  /** The command that asks. */
  readonly question: string;
  /** The event that makes it worth asking. */
  readonly event: string;
  /** The event comes to nobody who has not asked for it. */
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

/** MigrationStatus while further connections to the same place may come; every other one is an end. */
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

const moved: Ending = {
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
  ["nbd-server-start", { read: nbdServer, ending: { by: "command", command: "nbd-server-stop" } }],
  ["block-export-add", { read: blockExport, id: "id", ending: exported }],
  ["display-update", { read: displayAddresses, ending: { by: "power-off" } }],
]);

function memberOf(value: unknown, name: string): unknown {
  return typeof value === "object" && value !== null ? (value as Readonly<Record<string, unknown>>)[name] : undefined;
}

/** `uri`, or each of `channels`. */
function move(operation: Operation): Loan["read"] {
  return (argument, to) => {
    const { uri, channels } = JSON.parse(argument.value) as Readonly<Record<string, unknown>>;
    const read = (place: unknown): void =>
      migration(argument.part(typeof place === "string" ? place : JSON.stringify(place)), to, operation);
    if (uri !== undefined) read(uri);
    if (Array.isArray(channels)) for (const one of channels) read(one);
  };
}

function fileNamed(use: FileUse, ...others: readonly string[]): Loan["read"] {
  return (argument, to) => {
    const keys = Keys.of(argument);
    keys.harmless(...others);
    to.file(keys.where("filename"), argument.path(keys.need("filename", "name the file")), use);
    keys.done();
  };
}

function dump(argument: Argument, to: Description): void {
  const keys = Keys.of(argument);
  keys.harmless("paging", "detach", "begin", "length", "format");
  const protocol = keys.need("protocol", "say file:PATH");
  const [, path] =
    /^file:(.+)$/s.exec(protocol) ??
    complain(keys.where("protocol"), `\`${protocol}\` is not allowed in a domain`, "write protocol=file:PATH");
  to.file(keys.where("protocol"), argument.path(path ?? ""), "log");
  keys.done();
}

function nbdServer(argument: Argument, to: Description): void {
  const keys = Keys.of(argument);
  keys.harmless("handshake-max-seconds", "tls-creds", "tls-authz", "max-connections");
  to.add(keys.where("addr.type"), socketAddress(keys, "addr.", "listen", "tcp", "data."));
  keys.done();
}

/** Exports by nbd are served where the server listens, others by themselves. */
function blockExport(argument: Argument, to: Description): void {
  const keys = Keys.of(argument);
  keys.harmless("id", "node-name", "fixed-iothread", "iothread", "iothread.", "writable", "writethrough");
  keys.harmless("allow-inactive", "name", "description", "bitmaps.", "allocation-depth");
  keys.harmless("logical-block-size", "num-queues");
  const type = keys.need("type", "say nbd or vhost-user-blk");
  if (type === "vhost-user-blk") to.add(keys.where("addr.type"), socketAddress(keys, "addr.", "listen"));
  else if (type !== "nbd")
    complain(keys.where("type"), `an export by \`${type}\` is not allowed in a domain`, "export it by nbd");
  keys.done();
}

function displayAddresses(argument: Argument, to: Description): void {
  const keys = Keys.of(argument);
  keys.harmless("type");
  for (let at = 0; keys.hasBelow(`addresses.${at}.`); at++)
    to.add(keys.where(`addresses.${at}.type`), socketAddress(keys, `addresses.${at}.`, "listen"));
  keys.done();
}
