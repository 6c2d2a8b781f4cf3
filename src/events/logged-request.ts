import { type Read, readValue } from "../base/read-json.ts";
import * as is from "../base/schema.ts";
import { addresses, loggedAddress } from "../kinds/addresses/model.ts";
import { wordKinds } from "../kinds/model.ts";
import { loggedName, loggedTwoNames, names, twoNames } from "../kinds/names/model.ts";
import { sockets } from "../kinds/sockets/model.ts";
import type { AddressRequest, NameRequest, Request, TwoNameRequest } from "../model/request.ts";

/** JSON that loses nothing, for any program to read. */
export type LoggedRequest =
  | ReturnType<typeof loggedName>
  | ReturnType<typeof loggedTwoNames>
  | ReturnType<typeof loggedAddress>
  | Exclude<Request, NameRequest | TwoNameRequest | AddressRequest>;

/** {@link readRequest} gives the same request back. */
export function loggedRequest(request: Request): LoggedRequest {
  switch (request.class) {
    case "name":
      return loggedName(request);
    case "two-names":
      return loggedTwoNames(request);
    case "address":
      return loggedAddress(request);
    default:
      return request;
  }
}

/** Another version may have written the record. */
export function readRequest(value: unknown): Read<Request> {
  return readValue(schema, value);
}

const schema: is.Schema<Request> = is.kinds(
  "class",
  names.request,
  twoNames.request,
  addresses.request,
  sockets.request,
  ...Object.values(wordKinds).map(({ request }) => request),
);
