import { complain } from "../complaint.ts";
import type { Description } from "../description.ts";
import type { FileUse, Operation } from "../resource.ts";
import { addressOf } from "./address.ts";
import type { Argument } from "./argument.ts";
import { Keys } from "./keys.ts";
import { socketAddress } from "./socket-address.ts";

const instead = "use tcp:HOST:PORT, unix:PATH or file:PATH";
/** What may follow a TCP address and opens nothing more. */
const ofAddresses = /^(to=\d+|(ipv4|ipv6|keep-alive|numeric)(=(on|off|yes|no|true|false))?)$/;

/**
 * -incoming, and the commands that name such a place: the machine's state comes from it (`listen`)
 * or goes to it (`connect`).
 */
export function migration(argument: Argument, to: Description, operation: Operation): void {
  if (argument.value === "defer") return;
  if (/^\{|^channel-type=/.test(argument.value)) channel(argument, to, operation);
  else uri(argument, to, operation);
}

function uri(argument: Argument, to: Description, operation: Operation): void {
  const origin = argument.origin();
  const [kind = "", ...others] = argument.value.split(":");
  const rest = others.join(":");
  if (kind === "tcp") {
    const [place = "", ...flags] = rest.split(",");
    for (const flag of flags)
      if (!ofAddresses.test(flag))
        complain(origin, `\`${flag}\` is not known of an address`, instead);
    const last = flags.find((flag) => flag.startsWith("to="))?.slice("to=".length) ?? null;
    to.add(origin, addressOf(origin, place, operation, "tcp", last));
    return;
  }
  if (kind === "unix") {
    to.add(origin, { kind: "socket", operation, path: argument.path(rest) });
    return;
  }
  if (kind === "file") {
    to.file(origin, argument.path(rest.replace(/,offset=[^,]*$/, "")), useOf(operation));
    return;
  }
  complain(origin, `migration over \`${kind}:\` is not allowed in a domain`, instead);
}

/** The newer form, in which the parts of an address have names. */
function channel(argument: Argument, to: Description, operation: Operation): void {
  const keys = Keys.of(argument);
  const type = keys.get("channel-type") ?? "main";
  if (type !== "main")
    complain(
      keys.where("channel-type"),
      `a channel \`${type}\` is not allowed in a domain`,
      "no descriptor is passed",
    );
  const transport = keys.need("addr.transport", "say socket or file");
  if (transport === "socket")
    to.add(keys.where("addr.transport"), socketAddress(keys, "addr.", operation));
  else if (transport === "file") {
    keys.harmless("addr.offset");
    const path = argument.path(keys.need("addr.filename", "name the file"));
    to.file(keys.where("addr.filename"), path, useOf(operation));
  } else
    complain(
      keys.where("addr.transport"),
      `migration over \`${transport}\` is not allowed in a domain`,
      "use the transports socket and file",
    );
  keys.done();
}

const useOf = (operation: Operation): FileUse => (operation === "listen" ? "read" : "log");
