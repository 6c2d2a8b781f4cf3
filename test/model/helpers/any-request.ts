import fc from "fast-check";
import { parseAddress } from "../../../src/model/network.ts";
import { Permission, type PermissionName } from "../../../src/model/permission.ts";
import type { Request } from "../../../src/model/request.ts";
import { name } from "./arbitraries.ts";

/** Requests of every class, also for names that no policy can write as they are. */
export const anyRequest: fc.Arbitrary<Request> = fc.oneof(
  fc.record({
    class: fc.constant("name" as const),
    operation: fc.constantFrom(...(Object.keys(Permission) as PermissionName[])),
    path: fc.oneof(
      name,
      fc.string({ unit: "binary" }).map((text) => `/${text}`),
      name.map((text) => `${text} #\n`),
    ),
  }),
  fc.record({
    class: fc.constant("two-names" as const),
    operation: fc.constantFrom("rename", "link"),
    from: name,
    to: name,
    directory: fc.boolean(),
    replaces: fc.boolean(),
  }),
  fc.record({
    class: fc.constant("address" as const),
    operation: fc.constantFrom("connect", "listen"),
    protocol: fc.constantFrom("tcp", "udp"),
    address: fc.oneof(
      fc.uint8Array({ minLength: 4, maxLength: 4 }),
      fc.uint8Array({ minLength: 16, maxLength: 16 }),
      fc
        .constantFrom("::", "0.0.0.0", "::1", "::2")
        .map((text) => parseAddress(text) as Uint8Array),
      fc.constant(Uint8Array.from([...new Array(10).fill(0), 0xff, 0xff, 10, 0, 0, 1])),
    ),
    port: fc.nat(65535),
  }),
  fc.record({
    class: fc.constant("socket" as const),
    family: fc.constantFrom("netlink", "ping", "raw", "packet", "vsock", "other"),
    protocol: fc.nat(255),
  }),
  fc.record({
    class: fc.constant("syscall" as const),
    name: fc.constantFrom("read", "ptrace", "mount"),
  }),
  fc.record({
    class: fc.constant("capability" as const),
    name: fc.constantFrom("chown", "sys_admin"),
  }),
  fc.record({
    class: fc.constant("ipc" as const),
    kind: fc.constantFrom("shm", "sem", "msg", "mqueue"),
  }),
  fc.record({
    class: fc.constant("inherit" as const),
    kind: fc.constantFrom("stdio", "stdio-sockets", "listen"),
  }),
  fc.record({
    class: fc.constant("signal" as const),
    domain: fc.constantFrom("superDom", "other"),
  }),
);
