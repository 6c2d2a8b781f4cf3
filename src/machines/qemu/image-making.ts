import { isObject } from "../../base/schema.ts";
import { complain } from "../complaint.ts";
import { type Message, membersOf } from "../proxy/lines.ts";
import { type ImageFormat, imageFormats, type Origin } from "../resource.ts";
import { Argument } from "./argument.ts";
import { plainPath } from "./block-node.ts";
import { Keys } from "./keys.ts";

/** An image that a command makes, or that the emulator writes from then on. */
export interface Making {
  readonly path: string;
  readonly format: ImageFormat;
  /**
   * The emulator makes the file. If not, the file exists, and the machine may have written its
   * header.
   */
  readonly isMade: boolean;
  /**
   * `overlay`: the machine writes it instead of another image; `target`: a job writes it; `file`: a
   * job makes it, and nothing writes it afterwards.
   */
  readonly use: "overlay" | "target" | "file";
  /** The id of the job; null if there is no job, or QEMU names it after a device. */
  readonly job: string | null;
  readonly origin: Origin;
}

/** Formats for which blockdev-create writes into an existing node. */
const intoNodes = ["luks", "parallels", "qcow", "qcow2", "qed", "vdi", "vhdx", "vmdk", "vpc"];
const ofTargets = [
  "device",
  "sync",
  "speed",
  "granularity",
  "buf-size",
  "on-source-error",
  "on-target-error",
];
const ofJobs = [
  "job-id",
  "auto-finalize",
  "auto-dismiss",
  "bitmap",
  "bitmap-mode",
  "filter-node-name",
  "node-name",
];
const ofCopies = ["replaces", "unmap", "copy-mode", "compress", "discard-source", "x-perf."];

const makers: ReadonlyMap<string, (keys: Keys) => Making | null> = new Map([
  ["blockdev-snapshot-sync", overlay],
  ["drive-backup", target],
  ["drive-mirror", target],
  ["blockdev-create", created],
]);

export const makingCommands: readonly string[] = [
  ...makers.keys(),
  "blockdev-snapshot",
  "transaction",
];

/** Nodes that the command puts over others; blockdev-add or the command line has made them. */
export function nodesOver(command: string, given: Message): readonly string[] {
  if (command === "blockdev-snapshot")
    return typeof given.overlay === "string" ? [given.overlay] : [];
  return actionsOf(command, given).flatMap(({ type, data }) =>
    nodesOver(String(type), membersOf(data)),
  );
}

/**
 * The images that a command makes. `folder`: the base of relative names. @throws HostError if no
 * rule can describe one
 */
export function imagesMade(command: string, given: Message, folder: string): readonly Making[] {
  const actions = actionsOf(command, given);
  return [
    ...made(command, given, folder),
    ...actions.flatMap(({ type, data }) => made(String(type), data, folder)),
  ];
}

function actionsOf(command: string, { actions }: Message): readonly Message[] {
  if (command !== "transaction" || !Array.isArray(actions)) return [];
  return actions.filter(isObject);
}

function made(command: string, given: unknown, folder: string): readonly Making[] {
  const maker = makers.get(command);
  if (maker === undefined) return [];
  const keys = Keys.of(new Argument(command, JSON.stringify(given ?? {}), 0, folder));
  const making = maker(keys);
  keys.done();
  return making === null ? [] : [making];
}

function overlay(keys: Keys): Making {
  keys.harmless("device", "node-name", "snapshot-node-name");
  keys.need("snapshot-file", "name the file");
  const format = keys.get("format") ?? "qcow2";
  return { ...image(keys, "snapshot-file", format), use: "overlay", job: null };
}

function target(keys: Keys): Making {
  keys.harmless(...ofTargets, ...ofJobs, ...ofCopies);
  keys.need("target", "name the file");
  const format = keys.need(
    "format",
    "say which format the image has: QEMU would believe what is written there",
  );
  return { ...image(keys, "target", format), use: "target", job: keys.get("job-id") };
}

function created(keys: Keys): Making | null {
  const driver = keys.need("options.driver", "say which driver");
  if (intoNodes.includes(driver)) {
    keys.harmless("job-id", "options.");
    return null;
  }
  if (driver !== "file")
    complain(
      keys.where("options.driver"),
      `driver \`${driver}\` is not known here`,
      "make a file, and the format in the node that has it",
    );
  keys.harmless(
    ...["size", "preallocation", "nocow", "extent-size-hint"].map((name) => `options.${name}`),
  );
  keys.need("options.filename", "name the file");
  return { ...image(keys, "options.filename", "raw"), use: "file", job: keys.get("job-id") };
}

function image(keys: Keys, name: string, format: string): Omit<Making, "use" | "job"> {
  const origin = keys.where(name);
  if (!(imageFormats as readonly string[]).includes(format))
    complain(keys.where("format"), `format \`${format}\` is not known here`, "use qcow2 or raw");
  const isMade = keys.get("mode") !== "existing";
  return { path: plainPath(keys, name), format: format as ImageFormat, isMade, origin };
}

/**
 * The image that block-commit writes. @throws HostError if the command does not name it by its file
 */
export function committedTo(
  given: Message,
  folder: string,
): Pick<Making, "path" | "job" | "origin"> {
  const keys = Keys.of(new Argument("block-commit", JSON.stringify(given), 0, folder));
  keys.harmless(
    "device",
    "top",
    "top-node",
    "backing-file",
    "backing-mask-protocol",
    "speed",
    "on-error",
    ...ofJobs,
  );
  keys.need(
    "base",
    "name the image that is to be written by its file: it may be the parent of others",
  );
  const path = plainPath(keys, "base");
  keys.done();
  return { path, job: keys.get("job-id"), origin: keys.where("base") };
}
