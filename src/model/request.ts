import type { AddressRequest } from "../kinds/addresses/model.ts";
import type { WordRequest } from "../kinds/model.ts";
import type { NameRequest, TwoNameRequest } from "../kinds/names/model.ts";
import type { SocketRequest } from "../kinds/sockets/model.ts";

export type { AddressRequest, NameRequest, SocketRequest, TwoNameRequest };

/** What a process of a domain requests. `decide()` answers it. */
export type Request = NameRequest | TwoNameRequest | AddressRequest | SocketRequest | WordRequest;
