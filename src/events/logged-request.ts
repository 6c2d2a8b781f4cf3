import { actingCharacters } from "../base/printable.ts";
import { type Read, readValue } from "../base/read-json.ts";
import * as is from "../base/schema.ts";
import { addresses, loggedAddress } from "../kinds/addresses/model.ts";
import { wordKinds } from "../kinds/model.ts";
import { sockets } from "../kinds/sockets/model.ts";
import { bytesOfName, nameOfBytes } from "../model/name-bytes.ts";
import { Permission } from "../model/permission.ts";
import type { AddressRequest, NameRequest, Request, TwoNameRequest } from "../model/request.ts";

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
      return loggedAddress(request);
    default:
      return request;
  }
}

/** The request of a record, which another version may have written. */
export function readRequest(value: unknown): Read<Request> {
  return readValue(schema, value);
}

const ESCAPED_BYTE = /\p{Surrogate}/u;

function loggedName(name: string): LoggedName {
  const isPlain = !ESCAPED_BYTE.test(name) && name.search(actingCharacters) < 0;
  return isPlain ? name : { base64: Buffer.from(bytesOfName(name)).toString("base64") };
}

const { text } = is;
const base64 = is.object({ base64: is.matching(/^[A-Za-z0-9+/]*={0,2}$/) });
/** A {@link LoggedName}, as the name that it stands for. */
const name: is.Schema<string> = {
  read: (value) =>
    typeof value === "string"
      ? value
      : nameOfBytes(Buffer.from(base64.read(value).base64, "base64")),
};
const schema: is.Schema<Request> = is.kinds(
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
  addresses.request,
  sockets.request,
  ...Object.values(wordKinds).map(({ request }) => request),
);
