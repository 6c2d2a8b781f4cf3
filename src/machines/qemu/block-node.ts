import { complain } from "../complaint.ts";
import type { BlockNode, Description } from "../description.ts";
import { type Access, imageFormats, type UnplacedPeer } from "../resource.ts";
import { addressAt } from "./address.ts";
import type { Keys } from "./keys.ts";

/** Options of every node. */
const common = [
  "node-name",
  "discard",
  "cache.",
  "detect-zeroes",
  "force-share",
  "cache-size",
  "refcount-cache-size",
  "l2-cache-size",
  "overlap-check",
  "lazy-refcounts",
  "pass-discard-request",
  "pass-discard-snapshot",
  "pass-discard-other",
  "discard-no-unref",
  "key-secret",
  "encrypt.",
  "size",
  "offset",
];
const ofFiles = ["aio", "aio-max-batch", "locking", "drop-cache", "x-check-cache-dropped"];
/** Nodes with one other node below them, which open nothing themselves. */
const filters = ["throttle", "copy-on-read", "preallocate", "compress", "snapshot-access"];
const elsewhere =
  "the emulator would open it over the network: attach it on the host and name the block " +
  "device, or serve it by nbd";

/**
 * Reads a node of a disk and the nodes below it, from the names that begin with `prefix`, of
 * -blockdev, -drive or blockdev-add. `driver`: the driver, if the option names it by
 * another key; `above`: the access of the node above.
 */
export function blockNode(
  keys: Keys,
  to: Description,
  prefix = "",
  above: Access | null = null,
): BlockNode {
  const at = (name: string): string => `${prefix}${name}`;
  const driver = keys.need(at("driver"), "say which driver the node has");
  const said = keys.get(at("read-only"));
  const access: Access | null =
    said === null ? above : keys.isOn(at("read-only")) ? "read" : "read-write";
  const node = {
    ...{
      name: keys.get(at("node-name")),
      driver,
      access,
      readsFirst: keys.isOn(at("auto-read-only")),
    },
    origin: keys.where(at("driver")),
  };
  keys.harmless(...common.map(at));
  const child = (
    role: string,
    roleAbove = access,
  ): { role: string; node: BlockNode | string }[] => {
    const reference = keys.get(at(role));
    if (reference !== null) return reference === "" ? [] : [{ role, node: reference }];
    return keys.hasBelow(at(`${role}.`))
      ? [{ role, node: blockNode(keys, to, at(`${role}.`), roleAbove) }]
      : [];
  };
  if ((imageFormats as readonly string[]).includes(driver)) {
    const namesParents = keys.get(at("backing")) !== null || keys.hasBelow(at("backing."));
    const children = [...child("file"), ...child("backing", "read"), ...child("data-file")];
    return { ...node, path: null, children, namesParents };
  }
  const leaf = { ...node, path: null, children: [], namesParents: true };
  if (filters.includes(driver)) {
    keys.harmless(
      at("throttle-group"),
      at("prealloc-"),
      at("prealloc-align"),
      at("prealloc-size"),
      at("bottom"),
    );
    return { ...leaf, children: child("file") };
  }
  switch (driver) {
    case "file":
    case "host_device":
    case "host_cdrom":
      keys.harmless(...ofFiles.map(at));
      keys.refuse({ [at("pr-manager")]: "leave it out: reservations are the host's" });
      keys.need(at("filename"), "name the file");
      return { ...leaf, path: plainPath(keys, at("filename")) };
    case "null-co":
    case "null-aio":
      keys.harmless(...["latency-ns", "read-zeroes"].map(at));
      return leaf;
    case "nbd":
      to.add(node.origin, nbdServer(keys, at("server.")));
      keys.harmless(
        ...[
          "export",
          "tls-creds",
          "tls-hostname",
          "reconnect-delay",
          "open-timeout",
          "x-dirty-bitmap",
        ].map(at),
      );
      return leaf;
    case "virtio-blk-vhost-user":
      to.add(node.origin, {
        kind: "socket",
        operation: "connect",
        path: keys.path(at("path")) ?? "",
      });
      return leaf;
    case "virtio-blk-vhost-vdpa":
      to.add(node.origin, { kind: "device", path: keys.path(at("path")) ?? "" });
      return leaf;
    case "nvme":
      keys.harmless(at("namespace"));
      to.add(node.origin, {
        kind: "pci",
        address: keys.need(at("device"), "name the PCI function"),
      });
      return leaf;
    case "vvfat":
      keys.harmless(...["fat-type", "floppy", "label"].map(at));
      to.add(node.origin, {
        kind: "folder",
        path: keys.path(at("dir")) ?? complain(node.origin, "`dir` is missing", "name the folder"),
        access: keys.isOn(at("rw")) ? "read-write" : "read",
      });
      return leaf;
    default:
      return complain(node.origin, `block driver \`${driver}\` is not known here`, elsewhere);
  }
}

/**
 * A name that QEMU opens as it is. QEMU removes `file:` at its beginning; any other prefix is a
 * protocol.
 */
export function plainPath(keys: Keys, name: string): string {
  const value = keys.get(name) ?? "";
  const [, protocol] = /^([A-Za-z0-9+.-]+):/.exec(value.split("/")[0] ?? "") ?? [];
  if (value === "") complain(keys.where(name), "the name of a file is empty", "name the file");
  if (protocol !== undefined && protocol !== "file")
    complain(
      keys.where(name),
      `\`${protocol}:\` is not opened as a file`,
      `write the path alone, or -blockdev; ${elsewhere}`,
    );
  return keys.argument.path(value.replace(/^file:/, ""));
}

function nbdServer(keys: Keys, prefix: string): UnplacedPeer {
  const type = keys.need(`${prefix}type`, "say unix or inet");
  if (type === "unix") {
    const path =
      keys.path(`${prefix}path`) ??
      complain(keys.where(`${prefix}type`), "`path` is missing", "name the socket");
    return { kind: "socket", operation: "connect", path };
  }
  if (type !== "inet")
    complain(keys.where(`${prefix}type`), `\`${type}\` is not known here`, "use unix or inet");
  keys.harmless(...["to", "ipv4", "ipv6", "keep-alive"].map((name) => `${prefix}${name}`));
  const host = keys.need(`${prefix}host`, "name the host by its address");
  return addressAt(
    keys.where(`${prefix}host`),
    host,
    keys.need(`${prefix}port`, "give the port"),
    "connect",
  );
}
