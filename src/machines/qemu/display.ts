import { complain } from "../complaint.ts";
import type { Description } from "../description.ts";
import { addressAt } from "./address.ts";
import type { Argument } from "./argument.ts";
import { Keys } from "./keys.ts";

/** The port of VNC display 0. */
const VNC_PORT = 5900;
/** The websocket port of VNC display 0. */
const WEBSOCKET_PORT = 5700;
const reach = "use -vnc unix:PATH or -spice unix=on,addr=PATH";

export function vnc(argument: Argument, to: Description, value = argument.value): void {
  const keys = Keys.of(argument.part(value), "vnc");
  const place = keys.get("vnc") ?? "none";
  const origin = argument.origin();
  keys.refuse({ sasl: "use password-secret= or tls-creds=: saslauthd is a daemon of the host" });
  keys.harmless(
    "password",
    "password-secret",
    "tls-creds",
    "tls-authz",
    "sasl-authz",
    "lossy",
    "non-adaptive",
    "share",
    "power-control",
    "keyboard-delay",
    "key-delay-ms",
    "audiodev",
    "display",
    "head",
    "connections",
    "ipv4",
    "ipv6",
  );
  const isReverse = keys.isOn("reverse");
  const [, path] = /^unix:(.*)$/.exec(place) ?? [];
  if (path !== undefined)
    to.add(origin, {
      kind: "socket",
      operation: isReverse ? "connect" : "listen",
      path: argument.path(path),
    });
  else if (place !== "none") {
    const [, host = "", display = ""] =
      /^(.*):(\d+)$/.exec(place) ??
      complain(origin, `\`${place}\` is not an address of a display`, reach);
    const extra = Number(keys.get("to") ?? 0);
    const first = isReverse ? Number(display) : VNC_PORT + Number(display);
    to.add(
      origin,
      addressAt(
        origin,
        host.replace(/^\[(.*)\]$/, "$1"),
        String(first),
        isReverse ? "connect" : "listen",
        "tcp",
        String(first + extra),
      ),
    );
    websocket(keys, host, Number(display), to);
  }
  keys.done();
}

function websocket(keys: Keys, host: string, display: number, to: Description): void {
  const value = keys.get("websocket");
  if (value === null || value === "off") return;
  const port = value === "on" ? String(WEBSOCKET_PORT + display) : value;
  to.add(keys.where("websocket"), addressAt(keys.where("websocket"), host, port, "listen"));
}

export function display(argument: Argument, to: Description): void {
  const [kind = "", ...rest] = argument.value.split(",");
  if (kind.startsWith("vnc=")) {
    vnc(argument, to, argument.value.slice("vnc=".length));
    return;
  }
  if (["none", "curses"].includes(kind)) return;
  if (kind !== "egl-headless")
    complain(argument.origin(), `display \`${kind}\` is not allowed in a domain`, reach);
  const node = rest.find((word) => word.startsWith("rendernode="))?.slice("rendernode=".length);
  if (node === undefined)
    complain(argument.origin(), "no device is named", "give rendernode=/dev/dri/renderD128");
  to.add(argument.origin(), { kind: "device", path: node });
}

export function spice(argument: Argument, to: Description): void {
  const keys = Keys.of(argument, "port");
  keys.refuse({ sasl: "use password-secret=", gl: "use -display egl-headless,rendernode=" });
  keys.harmless(
    "password-secret",
    "disable-ticketing",
    "disable-copy-paste",
    "disable-agent-file-xfer",
    "tls-ciphers",
    "tls-channel",
    "plaintext-channel",
    "image-compression",
    "jpeg-wan-compression",
    "zlib-glz-wan-compression",
    "streaming-video",
    "video-codecs",
    "max-refresh-rate",
    "agent-mouse",
    "playback-compression",
    "seamless-migration",
    "ipv4",
    "ipv6",
    "id",
    "x509-key-password",
    "rendernode",
  );
  const address = keys.get("addr") ?? "";
  if (keys.isOn("unix"))
    to.add(keys.where("addr"), {
      kind: "socket",
      operation: "listen",
      path: argument.path(address),
    });
  else
    for (const name of ["port", "tls-port"]) {
      const port = keys.get(name);
      if (port !== null && port !== "0")
        to.add(keys.where(name), addressAt(keys.where(name), address, port, "listen"));
    }
  const folder = keys.path("x509-dir");
  if (folder !== null)
    to.add(keys.where("x509-dir"), { kind: "folder", path: folder, access: "read" });
  for (const name of ["x509-key-file", "x509-cert-file", "x509-cacert-file", "x509-dh-key-file"])
    to.file(keys.where(name), keys.path(name), "read");
  keys.done();
}
