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
  /** The option that says the same. */
  readonly option: string;
  readonly read: (argument: Argument, to: Description) => void;
  /** The option's value as JSON, where it is not the command's. */
  readonly value?: (given: Message) => Message;
}

/** Commands of QMP that name something of the host. */
export const plugging: ReadonlyMap<string, Plugging> = new Map<string, Plugging>([
  ["blockdev-add", { option: "blockdev", read: blockdev }],
  ["chardev-add", { option: "chardev", read: chardev, value: chardevOption }],
  ["device_add", { option: "device", read: device }],
  ["netdev_add", { option: "netdev", read: netdev }],
  ["object-add", { option: "object", read: object }],
]);
/** Commands that end at once what was made; a device ends with the event DEVICE_DELETED. */
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
 * Nodes that it refers to are there already, with what they need. `folder`: what relative names
 * start from. @throws HostError for what no rule can describe
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

/** The piece that a command ends; null for another command. */
export function removalOf(command: string, given: Message): string | null {
  const found = unplugging.get(command);
  return found === undefined ? null : `${found.kind} ${String(given[found.key])}`;
}
