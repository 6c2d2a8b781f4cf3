import { complain } from "../complaint.ts";
import type { Description } from "../description.ts";
import type { Operation, Origin } from "../resource.ts";
import { addressAt, addressOf } from "./address.ts";
import type { Argument } from "./argument.ts";
import { Keys } from "./keys.ts";
import { socketAddress } from "./socket-address.ts";

/** Keys of the card itself, in -nic and -net. */
const ofCards = ["id", "name", "mac", "macaddr", "model", "addr", "vectors", "netdev"];
const ofUser = [
  "ipv4",
  "ipv6",
  "net",
  "host",
  "ipv6-net",
  "ipv6-prefix",
  "ipv6-prefixlen",
  "ipv6-host",
  "hostname",
  "dhcpstart",
  "dns",
  "ipv6-dns",
  "dnssearch",
  "domainname",
  "restrict",
  "bootfile",
  "tftp-server-name",
];
const descriptors =
  "name the interface with ifname=, or the socket by its path: no descriptor is inherited";

type Kind = (keys: Keys, to: Description) => void;

/** Kinds of -netdev. All others start programs, use raw sockets, or open more than they name. */
const kinds: Readonly<Record<string, Kind>> = {
  user,
  tap,
  socket,
  stream: (keys, to) => {
    keys.harmless("reconnect", "reconnect-ms");
    peer(keys, to, "addr.", keys.isOn("server") ? "listen" : "connect", "tcp");
  },
  dgram: (keys, to) => {
    if (keys.hasBelow("local.")) peer(keys, to, "local.", "listen", "udp");
    if (keys.hasBelow("remote.")) peer(keys, to, "remote.", "connect", "udp");
  },
  "vhost-user": (keys) => keys.harmless("chardev", "vhostforce", "queues"),
  "vhost-vdpa": (keys, to) => {
    keys.refuse({ vhostfd: descriptors });
    keys.harmless("queues", "x-svq");
    to.add(keys.where("vhostdev"), {
      kind: "device",
      path: keys.path("vhostdev") ?? "/dev/vhost-vdpa-0",
    });
  },
  hubport: (keys) => keys.harmless("hubid"),
  nic: () => undefined,
  none: () => undefined,
};

export function netdev(argument: Argument, to: Description): void {
  const keys = Keys.of(argument, "type");
  const type = keys.need("type", "say which kind of network");
  const kind = kinds[type];
  const set =
    "make the interface on the host (ip tuntap add dev tap0 mode tap user USER; ip " +
    "link set tap0 master BRIDGE), then -netdev tap,id=...,ifname=tap0,script=no,downscript=no";
  if (kind === undefined)
    complain(keys.where("type"), `network \`${type}\` is not allowed in a domain`, set);
  keys.harmless(...ofCards);
  to.saysNetwork = true;
  kind(keys, to);
  keys.done();
}

function user(keys: Keys, to: Description): void {
  keys.harmless(...ofUser);
  keys.refuse({ smb: "it would start a server of the host: share a folder with -virtfs" });
  const tftp = keys.path("tftp");
  if (tftp !== null) to.add(keys.where("tftp"), { kind: "folder", path: tftp, access: "read" });
  for (const rule of keys.all("hostfwd")) forward(keys.where("hostfwd"), rule, to);
  for (const rule of keys.all("guestfwd")) guestForward(keys, rule, to);
  if (!keys.isOn("restrict")) to.add(keys.where("type"), { kind: "outside" });
}

/** `[tcp|udp]:[ADDRESS]:PORT-[ADDRESS]:PORT`; of a unix socket `unix:PATH-...` */
function forward(origin: Origin, rule: string, to: Description): void {
  const match = /^(tcp|udp|)(?::([^:]*|\[[^\]]*\])):(\d+)-[^-]*$/.exec(
    rule.startsWith(":") && !rule.startsWith("::") ? `tcp:${rule}` : rule,
  );
  if (match === null)
    complain(
      origin,
      `\`${rule}\` is not a known rule of forwarding`,
      "write hostfwd=tcp:127.0.0.1:PORT-:PORT",
    );
  const [, protocol = "", host = "", port = ""] = match;
  to.add(
    origin,
    addressAt(
      origin,
      host.replace(/^\[(.*)\]$/, "$1"),
      port,
      "listen",
      protocol === "udp" ? "udp" : "tcp",
    ),
  );
}

function guestForward(keys: Keys, rule: string, to: Description): void {
  const origin = keys.where("guestfwd");
  const [, target] = /^tcp:[^-]*-(.*)$/.exec(rule) ?? [];
  const [, address] = /^tcp:(.*)$/.exec(target ?? "") ?? [];
  if (address !== undefined) {
    to.add(origin, addressOf(origin, address, "connect"));
    return;
  }
  if (!/^(chardev:|null$)/.test(target ?? ""))
    complain(
      origin,
      `guestfwd to \`${target ?? rule}\` is not allowed in a domain`,
      "forward to a chardev: programs are not started",
    );
}

function tap(keys: Keys, to: Description): void {
  const never =
    "the emulator starts no program: bring the interface up on the host, then " +
    "script=no,downscript=no";
  keys.refuse({
    fd: descriptors,
    fds: descriptors,
    helper: never,
    vhostfd: descriptors,
    vhostfds: descriptors,
    br: never,
  });
  keys.harmless("sndbuf", "vnet_hdr", "queues", "poll-us", "vhostforce");
  for (const name of ["script", "downscript"])
    if (keys.get(name) !== "no") complain(keys.where(name), `\`${name}\` would be started`, never);
  const name = keys.need("ifname", "name an interface that the host has");
  to.add(keys.where("ifname"), { kind: "tap", interface: name });
  if (keys.isOn("vhost")) to.add(keys.where("vhost"), { kind: "device", path: "/dev/vhost-net" });
}

function socket(keys: Keys, to: Description): void {
  keys.refuse({ fd: descriptors });
  const add = (name: string, operation: Operation, protocol: "tcp" | "udp"): void => {
    const value = keys.get(name);
    if (value !== null)
      to.add(keys.where(name), addressOf(keys.where(name), value, operation, protocol));
  };
  add("listen", "listen", "tcp");
  add("connect", "connect", "tcp");
  add("udp", "connect", "udp");
  const group = keys.get("mcast");
  if (group !== null)
    for (const operation of ["listen", "connect"] as const) add("mcast", operation, "udp");
  if (group === null) add("localaddr", "listen", "udp");
  else keys.harmless("localaddr");
}

function peer(
  keys: Keys,
  to: Description,
  prefix: string,
  operation: Operation,
  protocol: "tcp" | "udp",
): void {
  to.add(keys.where(`${prefix}type`), socketAddress(keys, prefix, operation, protocol));
}
