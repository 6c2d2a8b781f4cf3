import { addresses } from "../../kinds/addresses/model.ts";
import { spellWord } from "../../kinds/model.ts";
import { names, twoNames } from "../../kinds/names/model.ts";
import { sockets } from "../../kinds/sockets/model.ts";
import type { Request } from "../../model/request.ts";

/** A request in the words of `cofferdam explain`, for people only. */
export function spellRequest(request: Request): string {
  switch (request.class) {
    case "name":
      return names.spell(request);
    case "two-names":
      return twoNames.spell(request);
    case "address":
      return addresses.spell(request);
    case "socket":
      return sockets.spell(request);
    default:
      return `${request.class} ${spellWord(request)}`;
  }
}
