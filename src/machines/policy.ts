import { readFileSync, readlinkSync, realpathSync, statSync } from "node:fs";
import { isIP } from "node:net";
import { basename } from "node:path";
import { hasCode } from "../kernel/errno-error.ts";
import { everyPort, parseHostAndPrefix } from "../model/network.ts";
import { escapeName } from "../model/pattern.ts";
import { Permission, type PermissionSet, permissionLetters } from "../model/permission.ts";
import type { AddressRule, Network, Policy, Source } from "../model/policy.ts";
import { complain } from "./complaint.ts";
import { networksOutside } from "./outside.ts";
import type { Placed } from "./place.ts";
import type { AddressResource, FileUse, Resource } from "./resource.ts";

export type Grants = Pick<Policy, "names" | "addresses">;

const letters: Readonly<Record<FileUse, string>> = {
  read: "r",
  "read-write": "rw",
  log: "wc",
  make: "rwcd",
};
const source: Source = { file: "", line: 1, column: 1, text: "" };
const LOOPBACK = ["127.0.0.1", "::1"];
const DNS_PORT = 53;
const RESOLVER = "/etc/resolv.conf";

/**
 * Exactly what the resources need, by names without links. @throws HostError for what this host
 * does not have
 */
export function grantsOf(placed: Placed): Grants {
  const all = placed.resources.map((resource) => grantsOfOne(resource, placed));
  const names = new Map(
    all.flatMap(({ names }) => names).map((rule) => [`${rule.permissions} ${rule.pattern}`, rule]),
  );
  return { names: [...names.values()], addresses: all.flatMap(({ addresses }) => addresses) };
}

function grantsOfOne(resource: Resource, placed: Placed): Grants {
  const name = "path" in resource ? (placed.names[resource.path] ?? resource.path) : "";
  switch (resource.kind) {
    case "image": {
      const own = allowImage(resource.access === "read" ? "r" : "rw", name);
      const parents = (placed.parents[name] ?? []).flatMap(({ role, path }) =>
        allowImage(role === "data" && resource.access === "read-write" ? "rw" : "r", path),
      );
      return onlyNames([...own, ...parents]);
    }
    case "file":
      return onlyNames(allow(letters[resource.use], name));
    case "folder":
      return onlyNames(allow(resource.access === "read" ? "r" : "rwcda", name, "/**"));
    case "device":
      return onlyNames(allow("rwi", name));
    case "pci":
      return onlyNames(pciFunction(resource));
    case "tap":
      return onlyNames([
        ...allow("rwi", "/dev/net/tun"),
        ...allow("i", `/dev/net/tun/${resource.interface}`),
      ]);
    case "socket": {
      const isListening = resource.operation === "listen";
      const made = isListening && !name.startsWith("@") ? allow("cd", name) : [];
      return onlyNames([
        ...made,
        rule(isListening ? Permission.listen : Permission.connect, escaped(name)),
      ]);
    }
    case "address":
      return {
        names: [],
        addresses: networksOf(resource).map((network) => addressRule(resource, network)),
      };
    case "outside":
      return outside(placed.ownAddresses);
  }
}

function parseLetters(letters: string): PermissionSet {
  return [...letters].reduce(
    (set, letter) => set | permissionLetters[letter as keyof typeof permissionLetters],
    0,
  );
}

function allow(permissions: string, name: string, below = ""): Grants["names"] {
  return [rule(parseLetters(permissions), `${escaped(name)}${below}`)];
}

/** QEMU asks a block device for its size. */
function allowImage(permissions: string, name: string): Grants["names"] {
  const isDevice = statSync(name, { throwIfNoEntry: false })?.isBlockDevice() === true;
  return allow(isDevice ? `${permissions}i` : permissions, name);
}

function rule(permissions: PermissionSet, pattern: string): Grants["names"][number] {
  return { effect: "allow", permissions, pattern, source };
}

function escaped(name: string): string {
  return name.startsWith("@") ? `@${escapeName(name.slice(1))}` : escapeName(name);
}

/** A grant that every machine has, whatever its description says. */
export function nameGrant(permissions: string, name: string): Grants {
  return onlyNames(allow(permissions, name));
}

export function connectGrant(socket: string): Grants {
  return onlyNames([rule(Permission.connect, escaped(socket))]);
}

function onlyNames(names: Grants["names"]): Grants {
  return { names, addresses: [] };
}

/** The function's vfio group, and what the kernel says about the function. */
function pciFunction({ address, origin }: Extract<Resource, { kind: "pci" }>): Grants["names"] {
  const folder = `/sys/bus/pci/devices/${address}`;
  try {
    const group = basename(readlinkSync(`${folder}/iommu_group`));
    return [
      ...allow("rwi", "/dev/vfio/vfio"),
      ...allow("rwi", `/dev/vfio/${group}`),
      ...allow("r", realpathSync(folder), "/**"),
    ];
  } catch (error) {
    if (!(error instanceof Error && "code" in error)) throw error;
    return complain(
      origin,
      `the host has no function ${address} that it can give away`,
      "bind it to vfio-pci, and see that the host has an IOMMU",
    );
  }
}

/** null: every address. */
function networksOf({
  host,
  operation,
  origin,
}: AddressResource & Pick<Resource, "origin">): readonly (Network | null)[] {
  if (operation === "listen" && ["", "0", "*"].includes(host)) return [null];
  const addresses = host === "localhost" || host === "" ? LOOPBACK : [host];
  if (addresses.some((address) => isIP(address) === 0))
    complain(
      origin,
      `\`${host}\` is a name, and what it stands for may change`,
      "give the address",
    );
  return addresses.map(parseHostAndPrefix);
}

function addressRule(
  { operation, protocol, ports }: Pick<AddressResource, "operation" | "protocol" | "ports">,
  network: Network | null,
): AddressRule {
  return { effect: "allow", operation, protocol, network, ports, source };
}

/**
 * Every address but the host's own. Also the name servers that QEMU asks for the guest, even at the
 * host's addresses.
 */
function outside(own: readonly string[]): Grants {
  const protocols = ["tcp", "udp"] as const;
  const everywhere = networksOutside(own).map((network) => ({
    network,
    ports: everyPort,
  }));
  const servers = nameServers().map((network) => ({
    network,
    ports: { first: DNS_PORT, last: DNS_PORT },
  }));
  const addresses = [...everywhere, ...servers].flatMap(({ network, ports }) =>
    protocols.map((protocol) => addressRule({ operation: "connect", protocol, ports }, network)),
  );
  return { names: allow("r", realpathOr(RESOLVER)), addresses };
}

function nameServers(): readonly Network[] {
  try {
    const lines = readFileSync(RESOLVER, "utf8").split("\n");
    const words = lines.map(
      (line) => /^nameserver\s+(\S+)/.exec(line)?.[1]?.replace(/%.*/, "") ?? "",
    );
    return words
      .filter((word) => isIP(word) !== 0)
      .map(parseHostAndPrefix)
      .filter((one) => one !== null);
  } catch (error) {
    if (hasCode(error, "ENOENT")) return [];
    throw error;
  }
}

function realpathOr(name: string): string {
  try {
    return realpathSync(name);
  } catch {
    return name;
  }
}
