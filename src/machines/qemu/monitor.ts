import { complain } from "../complaint.ts";
import type { Description } from "../description.ts";
import type { Argument } from "./argument.ts";

const form = "give it a socket: -qmp unix:PATH,server=on,wait=off";

/**
 * -qmp, -qmp-pretty: the proxy serves the socket and passes on what the domain allows
 * (docs/machines.md).
 */
export function qmp(argument: Argument, to: Description): void {
  const [, path, flags = ""] =
    /^unix:([^,]*)((?:,[^,]*)*)$/.exec(argument.value) ??
    complain(argument.origin(), "QMP over anything but a unix socket", form);
  if (!/,server(=on|=yes|=true)?(,|$)/.test(flags))
    complain(argument.origin(), "QMP that connects to a socket", form);
  const { argument: index } = argument.origin();
  to.monitors.push({
    path: argument.path(path ?? ""),
    origin: argument.origin(),
    argumentsFrom: index,
    argumentsTo: index + 2,
  });
}

/**
 * -mon: the human monitor works within the machine's domain; its commands get no further grants.
 */
export function mon(argument: Argument): void {
  if (/(^|,)mode=control(,|$)/.test(argument.value))
    complain(argument.origin(), "QMP over a chardev", form);
}
