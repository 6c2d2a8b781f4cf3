import { spellWord } from "../../kinds/model.ts";
import { formatEndpoint } from "../../model/network.ts";
import type { Request, SocketRequest } from "../../model/request.ts";
import { protocolName } from "../../model/socket-protocols.ts";

/** A request in the words with which `cofferdam explain` asks for it. Nothing reads it back. */
export function spellRequest(request: Request): string {
  switch (request.class) {
    case "name": {
      const { operation, path } = request;
      const isSocket = operation === "connect" || operation === "listen";
      return isSocket ? `${operation} unix ${path}` : `${operation} ${path}`;
    }
    case "two-names":
      return `${request.operation} ${request.from} ${request.to}`;
    case "address": {
      const { operation, protocol, address, port } = request;
      return `${operation} ${protocol} ${formatEndpoint(address, port)}`;
    }
    case "socket":
      return spellSocket(request);
    default:
      return `${request.class} ${spellWord(request)}`;
  }
}

function spellSocket({ family, protocol }: SocketRequest): string {
  if (family !== "netlink" && family !== "raw") return family;
  return `${family} ${protocolName(family, protocol) ?? protocol}`;
}
