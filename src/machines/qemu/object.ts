import { complain } from "../complaint.ts";
import type { Description } from "../description.ts";
import type { Argument } from "./argument.ts";
import { Keys } from "./keys.ts";

/** Objects that use nothing of the host, or name a chardev or node that does. */
const inside = new Set([
  "acpi-generic-initiator",
  "acpi-generic-port",
  "authz-list",
  "authz-simple",
  "can-bus",
  "colo-compare",
  "cryptodev-backend",
  "cryptodev-backend-builtin",
  "cryptodev-vhost-user",
  "filter-buffer",
  "filter-mirror",
  "filter-redirector",
  "filter-replay",
  "filter-rewriter",
  "iothread",
  "main-loop",
  "memory-backend-memfd",
  "memory-backend-ram",
  "memory-backend-shm",
  "rng-builtin",
  "rng-egd",
  "thread-context",
  "throttle-group",
  "tls-cipher-suites",
]);

const others: Readonly<Record<string, (keys: Keys, to: Description) => void>> = {
  "memory-backend-file": memoryFile,
  "rng-random": (keys, to) =>
    to.add(keys.where("filename"), {
      kind: "device",
      path: keys.path("filename") ?? "/dev/urandom",
    }),
  secret: (keys, to) => to.file(keys.where("file"), keys.path("file"), "read"),
  "tls-creds-x509": credentials,
  "tls-creds-psk": credentials,
  "tls-creds-anon": credentials,
  "authz-list-file": (keys, to) => to.file(keys.where("filename"), keys.path("filename"), "read"),
  "filter-dump": (keys, to) => to.file(keys.where("file"), keys.path("file"), "log"),
  "input-linux": (keys, to) =>
    to.add(keys.where("evdev"), { kind: "device", path: keys.path("evdev") ?? "" }),
  iommufd: (keys, to) => to.add(keys.where("qom-type"), { kind: "device", path: "/dev/iommu" }),
  "sev-guest": sev,
  "sev-snp-guest": sev,
  "pr-manager-helper": (keys, to) =>
    to.add(keys.where("path"), {
      kind: "socket",
      operation: "connect",
      path: keys.path("path") ?? "",
    }),
};

export function object(argument: Argument, to: Description): void {
  const keys = Keys.of(argument, "qom-type");
  const type = keys.need("qom-type", "say which object");
  const read = others[type];
  if (read !== undefined) read(keys, to);
  else if (!inside.has(type))
    complain(
      keys.where("qom-type"),
      `object \`${type}\` is not allowed in a domain`,
      "leave it out: what it would take of the host no rule describes",
    );
  keys.doneWithProperties();
}

function memoryFile(keys: Keys, to: Description): void {
  to.file(
    keys.where("mem-path"),
    keys.argument.path(keys.need("mem-path", "name the file")),
    keys.isOn("readonly") ? "read" : "make",
  );
}

function credentials(keys: Keys, to: Description): void {
  const path = keys.path("dir");
  if (path !== null) to.add(keys.where("dir"), { kind: "folder", path, access: "read" });
}

function sev(keys: Keys, to: Description): void {
  to.add(keys.where("qom-type"), { kind: "device", path: keys.path("sev-device") ?? "/dev/sev" });
  for (const name of ["dh-cert-file", "session-file"])
    to.file(keys.where(name), keys.path(name), "read");
}
