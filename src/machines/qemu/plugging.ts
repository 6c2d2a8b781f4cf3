import { Description } from "../description.ts";
import type { Message } from "../proxy/lines.ts";
import type { Resource } from "../resource.ts";
import { Argument } from "./argument.ts";
import { blockResources } from "./block-resources.ts";
import { chardev } from "./chardev.ts";
import { chardevOption } from "./chardev-add.ts";
import { device } from "./device.ts";
import { blockdev } from "./drive.ts";
import { netdev } from "./netdev.ts";
import { object } from "./object.ts";
import { pieceOf } from "./piece.ts";

interface Plugging {
  /** The option that means the same. */
  readonly option: string;
  readonly read: (argument: Argument, to: Description) => void;
  /** The option's value as JSON, if it differs from the command's arguments. */
  readonly value?: (given: Message) => Message;
}

/** QMP commands that name something of the host. */
export const plugging: ReadonlyMap<string, Plugging> = new Map<string, Plugging>([
  ["blockdev-add", { option: "blockdev", read: blockdev }],
  ["chardev-add", { option: "chardev", read: chardev, value: chardevOption }],
  ["device_add", { option: "device", read: device }],
  ["netdev_add", { option: "netdev", read: netdev }],
  ["object-add", { option: "object", read: object }],
]);
/**
 * Commands whose answer says that the piece is removed; a device is removed with the event
 * DEVICE_DELETED.
 */
export const unplugging: ReadonlyMap<string, { readonly kind: string; readonly key: string }> =
  new Map([
    ["blockdev-del", { kind: "blockdev", key: "node-name" }],
    ["chardev-remove", { kind: "chardev", key: "id" }],
    ["netdev_del", { kind: "netdev", key: "id" }],
    ["object-del", { kind: "object", key: "id" }],
  ]);

/** What a command adds to a machine, and the piece (`Origin`) that it makes. */
export interface Addition {
  readonly piece: string | null;
  readonly resources: readonly Resource[];
}

/**
 * Nodes that the command refers to exist already, and their needs are granted. `folder`: the base
 * of relative names. @throws HostError if no rule can describe it
 */
export function additionOf(command: string, given: Message, folder: string): Addition {
  const found = plugging.get(command);
  if (found === undefined) return { piece: null, resources: [] };
  const { option, read, value = (same) => same } = found;
  const text = JSON.stringify(value(given));
  const piece = pieceOf([`-${option}`, text], 0);
  const to = new Description();
  read(new Argument(command, text, 0, folder), to);
  blockResources(to, "there");
  return { piece, resources: to.resources };
}

/** The piece that a command ends; null for any other command. */
export function removalOf(command: string, given: Message): string | null {
  const found = unplugging.get(command);
  return found === undefined ? null : `${found.kind} ${String(given[found.key])}`;
}
