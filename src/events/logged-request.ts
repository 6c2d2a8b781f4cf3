import { type Read, readValue } from "../base/read-json.ts";
import * as is from "../base/schema.ts";
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
  const read = readValue(schema, value);
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

const { text } = is;
const base64 = is.object({ base64: is.matching(/^[A-Za-z0-9+/]*={0,2}$/) });
const name: is.Schema<LoggedName> = {
  read: (value) => (typeof value === "string" ? value : base64.read(value)),
};

const schema: is.Schema<LoggedRequest> = is.kinds(
  "class",
  is.object({
    class: is.oneOf("name"),
    operation: is.oneOfNames(Permission),
    path: name,
    inode: is.optional(text),
  }),
  is.object({
    class: is.oneOf("two-names"),
    operation: is.oneOf("rename", "link"),
    from: name,
    to: name,
    directory: is.boolean,
    replaces: is.boolean,
  }),
  is.object({
    class: is.oneOf("address"),
    operation: is.oneOf("connect", "listen"),
    protocol: is.oneOf("tcp", "udp"),
    address: is.matching(/^(?:[0-9a-f]{2})*$/),
    port: is.whole(0, 65_535),
  }),
  is.object({ class: is.oneOf("socket"), family: is.oneOfNames(families), protocol: is.whole() }),
  is.object({ class: is.oneOf("syscall"), name: text }),
  is.object({ class: is.oneOf("capability"), name: text }),
  is.object({ class: is.oneOf("ipc"), kind: is.oneOfNames(ipcKinds) }),
  is.object({ class: is.oneOf("inherit"), kind: is.oneOfNames(inheritKinds) }),
  is.object({ class: is.oneOf("signal"), domain: text }),
);
