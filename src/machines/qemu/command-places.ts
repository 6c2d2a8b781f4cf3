import { complain } from "../complaint.ts";
import type { Description } from "../description.ts";
import { membersOfJson } from "../proxy/lines.ts";
import { type FileUse, type ImageFormat, imageFormats, type Operation } from "../resource.ts";
import type { Argument } from "./argument.ts";
import { plainPath } from "./block-node.ts";
import { blockResources } from "./block-resources.ts";
import { chardev } from "./chardev.ts";
import { chardevOption } from "./chardev-add.ts";
import { blockdev } from "./drive.ts";
import { migration } from "./incoming.ts";
import { Keys } from "./keys.ts";
import { socketAddress } from "./socket-address.ts";

/** Reads what a QMP command names; the argument's value is the command's arguments as JSON. */
type Read = (argument: Argument, to: Description) => void;

export function partsOf(value: unknown): readonly unknown[] {
  return Array.isArray(value) ? value : [];
}

/** From `uri`, or from each of `channels`. */
export function move(operation: Operation): Read {
  return (argument, to) => {
    const { uri, channels } = membersOfJson(argument.value);
    const read = (place: unknown): void =>
      migration(
        argument.part(typeof place === "string" ? place : JSON.stringify(place)),
        to,
        operation,
      );
    if (uri !== undefined) read(uri);
    for (const one of partsOf(channels)) read(one);
  };
}

export function fileNamed(use: FileUse, ...others: readonly string[]): Read {
  return (argument, to) => {
    const keys = Keys.of(argument);
    keys.harmless(...others);
    to.file(keys.where("filename"), argument.path(keys.need("filename", "name the file")), use);
    keys.done();
  };
}

export function dump(argument: Argument, to: Description): void {
  const keys = Keys.of(argument);
  keys.harmless("paging", "detach", "begin", "length", "format");
  const protocol = keys.need("protocol", "say file:PATH");
  const [, path] =
    /^file:(.+)$/s.exec(protocol) ??
    complain(
      keys.where("protocol"),
      `\`${protocol}\` is not allowed in a domain`,
      "write protocol=file:PATH",
    );
  to.file(keys.where("protocol"), argument.path(path ?? ""), "log");
  keys.done();
}

export function nbdServer(argument: Argument, to: Description): void {
  const keys = Keys.of(argument);
  keys.harmless("handshake-max-seconds", "tls-creds", "tls-authz", "max-connections");
  to.add(keys.where("addr.type"), socketAddress(keys, "addr.", "listen", "tcp", "data."));
  keys.done();
}

/** Exports by nbd are served at the server's socket; others have their own. */
export function blockExport(argument: Argument, to: Description): void {
  const keys = Keys.of(argument);
  keys.harmless(
    "id",
    "node-name",
    "fixed-iothread",
    "iothread",
    "iothread.",
    "writable",
    "writethrough",
  );
  keys.harmless("allow-inactive", "name", "description", "bitmaps.", "allocation-depth");
  keys.harmless("logical-block-size", "num-queues");
  const type = keys.need("type", "say nbd or vhost-user-blk");
  if (type === "vhost-user-blk")
    to.add(keys.where("addr.type"), socketAddress(keys, "addr.", "listen"));
  else if (type !== "nbd")
    complain(
      keys.where("type"),
      `an export by \`${type}\` is not allowed in a domain`,
      "export it by nbd",
    );
  keys.done();
}

export function displayAddresses(argument: Argument, to: Description): void {
  const keys = Keys.of(argument);
  keys.harmless("type");
  for (let at = 0; keys.hasBelow(`addresses.${at}.`); at++)
    to.add(keys.where(`addresses.${at}.type`), socketAddress(keys, `addresses.${at}.`, "listen"));
  keys.done();
}

export function medium(argument: Argument, to: Description): void {
  const keys = Keys.of(argument);
  keys.harmless("id", "device", "force");
  keys.need("filename", "name the file");
  const format = keys.need(
    "format",
    "say which format the image has: QEMU would believe what is written there",
  );
  if (!(imageFormats as readonly string[]).includes(format))
    complain(keys.where("format"), `format \`${format}\` is not known here`, "use raw or qcow2");
  const access = keys.get("read-only-mode") === "read-write" ? "read-write" : "read";
  const path = plainPath(keys, "filename");
  to.add(keys.where("filename"), {
    kind: "image",
    path,
    format: format as ImageFormat,
    access,
    parents: "own",
  });
  keys.done();
}

/** Describes nodes as they will be after the command; nodes that they refer to exist already. */
export function reopen(argument: Argument, to: Description): void {
  const { options } = membersOfJson(argument.value);
  for (const one of partsOf(options)) blockdev(argument.part(JSON.stringify(one)), to);
  blockResources(to, "there");
}

export function anotherChardev(argument: Argument, to: Description): void {
  chardev(argument.part(JSON.stringify(chardevOption(membersOfJson(argument.value)))), to);
}
