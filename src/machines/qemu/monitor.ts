import { complain } from "../complaint.ts";
import type { Description } from "../description.ts";
import type { Argument } from "./argument.ts";

const form = "give it a socket: -qmp unix:PATH,server=on,wait=off";

/**
 * -qmp, -qmp-pretty: its socket is served by Cofferdam, which passes on what the domain allows
 * (docs/machines.md).
 */
export function qmp(argument: Argument, to: Description): void {
  const [, path, flags = ""] =
    /^unix:([^,]*)((?:,[^,]*)*)$/.exec(argument.value) ??
    complain(argument.origin(), "QMP over anything but a unix socket", form);
  if (!/,server(=on|=yes|=true)?(,|$)/.test(flags))
    complain(argument.origin(), "QMP that connects to somebody", form);
  const { argument: index } = argument.origin();
  to.monitors.push({
    path: argument.path(path ?? ""),
    origin: argument.origin(),
    argumentsFrom: index,
    argumentsTo: index + 2,
  });
}

/**
 * -mon: the readable monitor reaches what the machine's domain allows, and nothing is added to that
 * through it.
 */
export function mon(argument: Argument): void {
  if (/(^|,)mode=control(,|$)/.test(argument.value))
    complain(argument.origin(), "QMP over a chardev", form);
}
