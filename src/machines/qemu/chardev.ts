import { complain } from "../complaint.ts";
import type { Description } from "../description.ts";
import type { Origin } from "../resource.ts";
import { addressAt, addressOf } from "./address.ts";
import type { Argument } from "./argument.ts";
import { Keys } from "./keys.ts";

const noTerminals = "use a socket: unix:PATH,server=on,wait=off";
/** Backends that open nothing of the host. */
const inside = [
  "null",
  "none",
  "vc",
  "ringbuf",
  "memory",
  "mux",
  "hub",
  "msmouse",
  "wctablet",
  "testdev",
  "spicevmc",
  "spiceport",
  "qemu-vdagent",
  "stdio",
];
const harmless = [
  "id",
  "mux",
  "logappend",
  "signal",
  "width",
  "height",
  "cols",
  "rows",
  "size",
  "name",
  "debug",
  "mouse",
  "clipboard",
  "chardev",
  "chardevs.",
  "append",
];
const ofSockets = [
  "wait",
  "delay",
  "nodelay",
  "telnet",
  "tn3270",
  "websocket",
  "reconnect",
  "reconnect-ms",
  "tls-creds",
  "tls-authz",
  "ipv4",
  "ipv6",
  "tight",
];
const refused = {
  fd: "name a socket by its path: no descriptor is inherited",
  "input-path": "use a socket or a pipe",
  vsock: "use a unix socket",
};

export function chardev(argument: Argument, to: Description): void {
  const keys = Keys.of(argument, "backend");
  backend(keys, keys.need("backend", "say which backend"), to);
  keys.done();
}

function backend(keys: Keys, kind: string, to: Description): void {
  const origin = keys.where("backend");
  keys.harmless(...harmless);
  keys.refuse(refused);
  to.file(keys.where("logfile"), keys.path("logfile"), "log");
  if (inside.includes(kind)) return;
  const path = (): string => keys.argument.path(keys.need("path", "name it with path="));
  switch (kind) {
    case "file":
      to.file(keys.where("path"), path(), "log");
      return;
    case "pipe":
      pipe(keys.where("path"), path(), to);
      return;
    case "serial":
    case "parallel":
      to.add(keys.where("path"), { kind: "device", path: path() });
      return;
    case "socket": {
      keys.harmless(...ofSockets);
      const operation = keys.isOn("server") ? "listen" : "connect";
      if (keys.get("path") !== null) {
        unixSocket(keys, operation, to);
        return;
      }
      const [host, port] = [keys.get("host") ?? "", keys.need("port", "give path= or port=")];
      to.add(
        keys.where("port"),
        addressAt(keys.where("port"), host, port, operation, "tcp", keys.get("to")),
      );
      return;
    }
    case "udp": {
      keys.harmless("ipv4", "ipv6");
      const [host, port] = [keys.get("host") ?? "localhost", keys.need("port", "give port=")];
      to.add(keys.where("port"), addressAt(keys.where("port"), host, port, "connect", "udp"));
      to.add(
        keys.where("port"),
        addressAt(
          keys.where("port"),
          keys.get("localaddr") ?? "",
          keys.get("localport") ?? "0",
          "listen",
          "udp",
        ),
      );
      return;
    }
    default:
      complain(
        origin,
        `a \`${kind}\` device of characters is not allowed in a domain`,
        noTerminals,
      );
  }
}

function unixSocket(keys: Keys, operation: "listen" | "connect", to: Description): void {
  const path = keys.isOn("abstract") ? `@${keys.get("path")}` : (keys.path("path") ?? "");
  to.add(keys.where("path"), { kind: "socket", operation, path });
}

function pipe(origin: Origin, path: string, to: Description): void {
  // QEMU opens the pair NAME.in and NAME.out if it exists, else NAME.
  for (const end of ["", ".in", ".out"]) to.file(origin, `${path}${end}`, "read-write");
}

/**
 * The short form of -serial, -monitor and others: `unix:PATH,server`, `file:PATH`, `mon:stdio`,
 * `chardev:ID`, ...
 */
export function legacyChardev(argument: Argument, to: Description, value = argument.value): void {
  const [kind = "", ...others] = value.split(":");
  const rest = others.join(":");
  const origin = argument.origin();
  if (kind === "mon") {
    legacyChardev(argument, to, rest);
    return;
  }
  if (kind === "chardev") return;
  if (value.startsWith("/dev/")) {
    to.add(origin, { kind: "device", path: value });
    return;
  }
  if (kind === "file") {
    to.file(origin, argument.path(rest.split(",")[0] ?? ""), "log");
    return;
  }
  if (kind === "pipe") {
    pipe(origin, argument.path(rest), to);
    return;
  }
  if (kind === "unix") {
    legacyUnix(argument, rest, to);
    return;
  }
  if (["tcp", "telnet", "websocket", "tn3270"].includes(kind)) {
    const [address = "", ...flags] = rest.split(",");
    to.add(origin, addressOf(origin, address, isServer(flags) ? "listen" : "connect"));
    return;
  }
  if (kind === "udp") {
    const [remote = "", local] = rest.split("@");
    to.add(
      origin,
      addressOf(origin, remote.includes(":") ? remote : `localhost:${remote}`, "connect", "udp"),
    );
    to.add(origin, addressOf(origin, local ?? ":0", "listen", "udp"));
    return;
  }
  if (inside.includes(kind)) return;
  complain(origin, `\`${value}\` is not allowed in a domain`, noTerminals);
}

function legacyUnix(argument: Argument, rest: string, to: Description): void {
  const [path = "", ...flags] = rest.split(",");
  const operation = isServer(flags) ? "listen" : "connect";
  if (flags.some((flag) => /^(abstract|fd)/.test(flag)))
    complain(argument.origin(), "an abstract name in the short form", "use -chardev socket");
  to.add(argument.origin(), { kind: "socket", operation, path: argument.path(path) });
}

function isServer(flags: readonly string[]): boolean {
  return flags.some((flag) => /^server(=on|=yes|=true)?$/.test(flag));
}
