import * as z from "zod/mini";
import { type Read, readValue, type Schema } from "../base/read-json.ts";
import { actingCharacters } from "../model/acting-characters.ts";
import { bytesOfName, nameOfBytes } from "../model/name-bytes.ts";
import { Permission } from "../model/permission.ts";
import type { InheritKind, IpcKind } from "../model/policy.ts";
import type {
  AddressRequest,
  NameRequest,
  Request,
  SocketRequest,
  TwoNameRequest,
} from "../model/request.ts";

/** A request as a record of the log holds it: JSON that loses nothing, for any program to read. */
export type LoggedRequest =
  | (Omit<NameRequest, "path"> & { readonly path: LoggedName })
  | (Omit<TwoNameRequest, "from" | "to"> & { readonly from: LoggedName; readonly to: LoggedName })
  | (Omit<AddressRequest, "address"> & { readonly address: string })
  | Exclude<Request, NameRequest | TwoNameRequest | AddressRequest>;

/**
 * A name is bytes and need not be UTF-8. Text stands for itself; a name with a control character or
 * an invalid byte is written as its bytes, since programs differ in how they read such text.
 */
export type LoggedName = string | { readonly base64: string };

/** {@link readRequest} gives the same request back. */
export function loggedRequest(request: Request): LoggedRequest {
  switch (request.class) {
    case "name":
      return { ...request, path: loggedName(request.path) };
    case "two-names":
      return { ...request, from: loggedName(request.from), to: loggedName(request.to) };
    case "address":
      return { ...request, address: Buffer.from(request.address).toString("hex") };
    default:
      return request;
  }
}

/** The request of a record, which another version may have written. */
export function readRequest(value: unknown): Read<Request> {
  const read = readValue(schema(), value);
  return read.state === "bad" ? read : { state: "good", value: requestOf(read.value) };
}

function requestOf(logged: LoggedRequest): Request {
  switch (logged.class) {
    case "name":
      return { ...logged, path: nameOf(logged.path) };
    case "two-names":
      return { ...logged, from: nameOf(logged.from), to: nameOf(logged.to) };
    case "address":
      return { ...logged, address: new Uint8Array(Buffer.from(logged.address, "hex")) };
    default:
      return logged;
  }
}

const ESCAPED_BYTE = /\p{Surrogate}/u;

function loggedName(name: string): LoggedName {
  const isPlain = !ESCAPED_BYTE.test(name) && name.search(actingCharacters) < 0;
  return isPlain ? name : { base64: Buffer.from(bytesOfName(name)).toString("base64") };
}

function nameOf(logged: LoggedName): string {
  return typeof logged === "string" ? logged : nameOfBytes(Buffer.from(logged.base64, "base64"));
}

/** One of the words, of which none can be forgotten here. */
function oneOf<T extends string>(words: Readonly<Record<T, unknown>>): Schema<T> {
  return z.enum(Object.keys(words) as T[]);
}

const ipcKinds: Readonly<Record<IpcKind, true>> = { shm: true, sem: true, msg: true, mqueue: true };
const inheritKinds: Readonly<Record<InheritKind, true>> = {
  stdio: true,
  "stdio-sockets": true,
  listen: true,
};
const families: Readonly<Record<SocketRequest["family"], true>> = {
  netlink: true,
  ping: true,
  raw: true,
  packet: true,
  vsock: true,
  other: true,
};

let made: Schema<LoggedRequest> | null = null;

/** Made when a record is first read: a process that only writes records needs none. */
function schema(): Schema<LoggedRequest> {
  made ??= makeSchema();
  return made;
}

function makeSchema(): Schema<LoggedRequest> {
  const name = z.union([
    z.string(),
    z.object({ base64: z.string().check(z.regex(/^[A-Za-z0-9+/]*={0,2}$/)) }),
  ]);
  const text = z.string();
  return z.discriminatedUnion("class", [
    z.object({
      class: z.literal("name"),
      operation: oneOf(Permission),
      path: name,
      inode: z.exactOptional(text),
    }),
    z.object({
      class: z.literal("two-names"),
      operation: z.enum(["rename", "link"]),
      from: name,
      to: name,
      directory: z.boolean(),
      replaces: z.boolean(),
    }),
    z.object({
      class: z.literal("address"),
      operation: z.enum(["connect", "listen"]),
      protocol: z.enum(["tcp", "udp"]),
      address: text.check(z.regex(/^(?:[0-9a-f]{2})*$/)),
      port: z.int(),
    }),
    z.object({ class: z.literal("socket"), family: oneOf(families), protocol: z.int() }),
    z.object({ class: z.literal("syscall"), name: text }),
    z.object({ class: z.literal("capability"), name: text }),
    z.object({ class: z.literal("ipc"), kind: oneOf(ipcKinds) }),
    z.object({ class: z.literal("inherit"), kind: oneOf(inheritKinds) }),
    z.object({ class: z.literal("signal"), domain: text }),
  ]);
}
