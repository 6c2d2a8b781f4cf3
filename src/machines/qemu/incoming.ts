import { complain } from "../complaint.ts";
import type { Description } from "../description.ts";
import type { Operation } from "../resource.ts";
import { addressOf } from "./address.ts";
import type { Argument } from "./argument.ts";

/** -incoming, and the place of `migrate`: where a machine's state comes from or goes to. */
export function migration(argument: Argument, to: Description, operation: Operation): void {
  const origin = argument.origin();
  const [kind = "", ...others] = argument.value.split(":");
  const rest = others.join(":");
  if (argument.value === "defer") return;
  const [place = "", ...flags] = rest.split(",");
  const last = flags.find((flag) => flag.startsWith("to="))?.slice("to=".length) ?? null;
  if (kind === "tcp") {
    to.add(origin, addressOf(origin, place, operation, "tcp", last));
    return;
  }
  if (kind === "unix") {
    to.add(origin, { kind: "socket", operation, path: argument.path(rest) });
    return;
  }
  if (kind === "file") {
    to.file(origin, argument.path(place), operation === "listen" ? "read" : "make");
    return;
  }
  complain(
    origin,
    `migration over \`${kind}:\` is not allowed in a domain`,
    "use tcp:HOST:PORT, unix:PATH or file:PATH",
  );
}
