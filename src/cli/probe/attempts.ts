import type { CapabilityName } from "../../kinds/capabilities/model.ts";
import type { NameRequest, Request, SocketRequest } from "../../model/request.ts";
import { hostNames } from "../explain/names.ts";
import { withInode } from "../explain/request.ts";
import { addressArgument, callArgument, capabilityArgument, socketArgument } from "./arguments.ts";

/** What a break-in would try. */
export interface Attempt {
  /** In words. */
  readonly what: string;
  /** As `native/probe` takes it. */
  readonly argument: string;
  readonly request: Request;
}

/** Ports of this host at which no process listens: discard, and one beyond every service. */
const CLOSED_PORT = 9;
const DNS_PORT = 53;
const OTHER_PORT = 4_444;

/** Servers that act as root for any process that may connect. */
const mightySockets = [
  "/run/docker.sock",
  "/run/containerd/containerd.sock",
  "/run/podman/podman.sock",
  "/run/libvirt/libvirt-sock",
  "/run/dbus/system_bus_socket",
  "/run/systemd/private",
  "/run/udev/control",
];

const mightyCapabilities: readonly CapabilityName[] = [
  "sys_admin",
  "sys_ptrace",
  "sys_module",
  "sys_rawio",
  "dac_override",
  "net_admin",
  "net_raw",
  "mknod",
];

/**
 * The battery, for names that this host has. `pid`: a process outside the domain, which is asked
 * for nothing.
 */
export function attempts(pid: number): readonly Attempt[] {
  return [
    ...files(),
    ...network(),
    ...mightySockets.filter((path) => hostNames.exists(path)).map(toSocket),
    signalled("signal a process outside", `signal ${pid}`),
    called("trace a process outside", `trace ${pid}`, "ptrace"),
    called("enter a user namespace of its own", "namespace user", "unshare"),
    called("enter a mount namespace of its own", "namespace mount", "unshare"),
    ...["mount", "init_module", "bpf", "io_uring_setup", "userfaultfd", "perf_event_open"].map(
      (name) => called(`call ${name}`, callArgument(name), name),
    ),
    memory("execute memory that it wrote", "jit"),
    memory("make a file in memory", "memfd"),
    ...mightyCapabilities.map(withCapability),
  ];
}

function files(): readonly Attempt[] {
  return [
    ...["/etc/shadow", "/root/.ssh/id_rsa", "/proc/1/environ"].map((path) =>
      onName("read", path, `read ${path}`),
    ),
    ...["/etc/passwd", "/etc/ld.so.cache", "/usr/bin/env"].map((path) =>
      onName("write", path, `write ${path}`),
    ),
    ...["/etc", "/usr/bin", "/etc/cron.d", "/tmp"].map((folder) => inFolder(folder)),
    onName("execute", "/bin/sh", "start /bin/sh"),
  ];
}

function onName(operation: "read" | "write" | "execute", path: string, what: string): Attempt {
  return { what, argument: `${operation} ${path}`, request: asked(operation, path) };
}

function asked(operation: NameRequest["operation"], path: string): NameRequest {
  return withInode(operation, hostNames.canonical(path, true), hostNames);
}

/** The name that a request needs; the file that is made has none. */
function inFolder(folder: string): Attempt {
  const path = `${hostNames.canonical(folder, true)}/cofferdam-probe`;
  const request = { class: "name", operation: "create", path } as const;
  return { what: `make a file in ${folder}`, argument: `create ${folder}`, request };
}

function network(): readonly Attempt[] {
  const here = (
    what: string,
    operation: "connect" | "listen",
    protocol: "tcp" | "udp",
    port: number,
  ): Attempt => {
    const address = Uint8Array.of(127, 0, 0, 1);
    const request = { class: "address", operation, protocol, address, port } as const;
    return { what: `${what} (${protocol} ${port})`, argument: addressArgument(request), request };
  };
  return [
    here("connect to this host", "connect", "tcp", CLOSED_PORT),
    here("send to this host", "connect", "udp", DNS_PORT),
    here("take another port", "listen", "tcp", OTHER_PORT),
    socket("open a raw socket", { family: "raw", protocol: 1 }),
    socket("open a packet socket", { family: "packet", protocol: 0 }),
    socket("open netlink audit", { family: "netlink", protocol: 9 }),
    socket("open a vsock socket", { family: "vsock", protocol: 0 }),
  ];
}

function socket(what: string, asked: Omit<SocketRequest, "class">): Attempt {
  const request = { class: "socket", ...asked } as const;
  return { what, argument: socketArgument(request) ?? "", request };
}

function toSocket(path: string): Attempt {
  return { what: `connect to ${path}`, argument: `unix ${path}`, request: asked("connect", path) };
}

function signalled(what: string, argument: string): Attempt {
  return { what, argument, request: { class: "signal", domain: "superDom" } };
}

function called(what: string, argument: string, name: string): Attempt {
  return { what, argument, request: { class: "syscall", name } };
}

function memory(what: string, kind: "jit" | "memfd"): Attempt {
  return { what, argument: `memory ${kind}`, request: { class: "memory", kind } };
}

function withCapability(name: CapabilityName): Attempt {
  return {
    what: `have ${name}`,
    argument: capabilityArgument(name),
    request: { class: "capability", name },
  };
}
