import { complain } from "../complaint.ts";
import type { BlockNode, Description } from "../description.ts";
import { type Access, imageFormats } from "../resource.ts";
import type { Argument } from "./argument.ts";
import { blockNode, plainPath } from "./block-node.ts";
import { Keys } from "./keys.ts";

const harmless = [
  "if",
  "bus",
  "unit",
  "index",
  "media",
  "id",
  "cache",
  "aio",
  "discard",
  "detect-zeroes",
  "werror",
  "rerror",
  "copy-on-read",
  "cyls",
  "heads",
  "secs",
  "trans",
  "serial",
  "addr",
  "throttling.",
  "stats-",
  "cache.",
  "encrypt.",
  "key-secret",
  "node-name",
  "locking",
  "file.locking",
  "auto-read-only",
  "l2-cache-size",
  "overlap-check",
  "lazy-refcounts",
  "discard-no-unref",
  "size",
  "offset",
];
const rates = [
  "iops",
  "iops_rd",
  "iops_wr",
  "bps",
  "bps_rd",
  "bps_wr",
  "iops_max",
  "bps_max",
  "group",
  "iops_size",
];

export function blockdev(argument: Argument, to: Description): void {
  const keys = Keys.of(argument, "driver");
  to.blockNodes.push(blockNode(keys, to));
  keys.done();
}

export function drive(argument: Argument, to: Description): void {
  const keys = Keys.of(argument);
  keys.harmless(...harmless, ...rates);
  keys.refuse({
    snapshot: "make a linked clone instead: qemu-img create -f qcow2 -b DISK -F FORMAT CLONE",
  });
  const access: Access =
    keys.isOn("readonly") || keys.isOn("read-only") || keys.get("media") === "cdrom"
      ? "read"
      : "read-write";
  const nested = keys.hasBelow("file.") && keys.get("file.driver") !== null;
  if (!nested && (keys.get("file") ?? "") === "") {
    keys.done();
    return;
  }
  const format = keys.get("format") ?? keys.get("driver");
  if (format === null)
    complain(
      argument.origin(),
      "a drive without `format=`: QEMU would believe what the guest wrote there",
      "add format=raw or format=qcow2",
    );
  if (!(imageFormats as readonly string[]).includes(format))
    complain(
      keys.where("format"),
      `format \`${format}\` is not known here`,
      "convert it: qemu-img convert -O qcow2",
    );
  const name = keys.get("node-name");
  const origin = argument.origin(keys.where(nested ? "file.driver" : "file").offset);
  const file: BlockNode = nested
    ? blockNode(keys, to, "file.", access)
    : leaf(keys, origin, access);
  const namesParents = keys.get("backing") !== null || keys.hasBelow("backing.");
  const backing: BlockNode["children"] = keys.hasBelow("backing.")
    ? [{ role: "backing", node: blockNode(keys, to, "backing.", "read") }]
    : [];
  const children = [{ role: "file", node: file }, ...backing];
  to.blockNodes.push({
    name,
    driver: format,
    path: null,
    children,
    access,
    readsFirst: false,
    namesParents,
    origin,
  });
  keys.done();
}

function leaf(keys: Keys, origin: BlockNode["origin"], access: Access): BlockNode {
  const path = plainPath(keys, "file");
  return {
    name: null,
    driver: "file",
    path,
    children: [],
    access,
    readsFirst: false,
    namesParents: true,
    origin,
  };
}

/** -cdrom reads the image as raw, whatever its contents look like. */
export function cdrom(argument: Argument, to: Description): void {
  to.add(argument.origin(), {
    kind: "image",
    path: argument.path(argument.value),
    format: "raw",
    access: "read",
    parents: "none",
  });
}
