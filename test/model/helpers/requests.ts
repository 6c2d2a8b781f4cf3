import fc from "fast-check";
import { capabilityNames } from "../../../src/kinds/capabilities/model.ts";
import {
  type WordRequest,
  type WordSection,
  wordKinds,
  wordSections,
} from "../../../src/kinds/model.ts";
import { nameOfBytes } from "../../../src/model/name-bytes.ts";
import { Permission, type PermissionName } from "../../../src/model/permission.ts";
import type { Request } from "../../../src/model/request.ts";
import { name } from "./arbitraries.ts";

const encoder = new TextEncoder();

/** Bytes of names that a reader of lines, of arrows or of UTF-8 gets wrong. */
const piece = fc.oneof(
  fc
    .constantFrom(
      "a",
      " -> ",
      "\n",
      "\\",
      '"',
      "\x1b[2J",
      "\u2028",
      "\u202e",
      "é",
      "\u{1f600}",
      "?",
    )
    .map((text) => encoder.encode(text)),
  // What is no UTF-8: a lone byte, half a character, a surrogate written as if it were one.
  fc.constantFrom([0xff], [0x80], [0xc3], [0xed, 0xa0, 0x80], [0xf0, 0x9f, 0x98]),
  fc.uint8Array({ minLength: 1, maxLength: 4 }).map((bytes) => bytes.filter((b) => b > 0x2f)),
);

/** As the kernel may have it: whatever bytes, from `/` or of an abstract socket. */
const strangeName = fc
  .tuple(fc.constantFrom("/", "@"), fc.array(piece, { minLength: 1, maxLength: 5 }))
  .map(([start, pieces]) => {
    const bytes = pieces.flatMap((part) => [...part]);
    return nameOfBytes(Uint8Array.from([start.charCodeAt(0), ...bytes]));
  });

const anyName = fc.oneof(name, strangeName);

const port = fc.oneof(fc.constantFrom(0, 53, 80, 65535), fc.integer({ min: 0, max: 65535 }));
const address = fc.oneof(
  fc.constantFrom(
    Uint8Array.of(0, 0, 0, 0),
    Uint8Array.of(10, 0, 0, 1),
    new Uint8Array(16),
    Uint8Array.of(0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 255, 255, 10, 0, 0, 1),
  ),
  fc.uint8Array({ minLength: 4, maxLength: 4 }),
  fc.uint8Array({ minLength: 16, maxLength: 16 }),
);

type RequestOf<C> = Extract<Request, { class: C }>;

/** Objects of the kinds whose words are no closed list. */
const objects: Readonly<Partial<Record<WordSection, readonly string[]>>> = {
  capabilities: capabilityNames,
  syscalls: ["read", "mount", "reboot", "memfd_create"],
  signals: ["tool", "nginx", "superDom", "vm@web1"],
};

type ByClass = { readonly [C in WordRequest["class"]]: fc.Arbitrary<RequestOf<C>> };

const wordRequests = Object.fromEntries(
  wordSections.map((section) => {
    const { class: name, words } = wordKinds[section];
    const known: readonly string[] = words ?? objects[section] ?? [];
    return [name, fc.constantFrom(...known).map((object) => requestOf(section, object))];
  }),
) as unknown as ByClass;

function requestOf(section: WordSection, object: string): WordRequest {
  const asked = wordKinds[section].ask(object);
  if ("problem" in asked) throw new Error(asked.problem);
  return asked;
}

/** Requests of each class. */
export const requests: { readonly [C in Request["class"]]: fc.Arbitrary<RequestOf<C>> } = {
  name: fc.oneof(
    fc.record({
      class: fc.constant("name" as const),
      operation: fc.constantFrom(...(Object.keys(Permission) as PermissionName[])),
      path: anyName,
    }),
    fc.record({
      class: fc.constant("name" as const),
      operation: fc.constantFrom(...(Object.keys(Permission) as PermissionName[])),
      path: anyName,
      inode: fc.constant("65024:131"),
    }),
  ),
  "two-names": fc.record({
    class: fc.constant("two-names" as const),
    operation: fc.constantFrom("rename" as const, "link" as const),
    from: anyName,
    to: anyName,
    directory: fc.boolean(),
    replaces: fc.boolean(),
  }),
  address: fc.record({
    class: fc.constant("address" as const),
    operation: fc.constantFrom("connect" as const, "listen" as const),
    protocol: fc.constantFrom("tcp" as const, "udp" as const),
    address,
    port,
  }),
  socket: fc.record({
    class: fc.constant("socket" as const),
    family: fc.constantFrom(...(["netlink", "ping", "raw", "packet", "vsock", "other"] as const)),
    protocol: fc.constantFrom(0, 1, 9, 16, 255),
  }),
  ...wordRequests,
};
