import { type Message, membersOf } from "../proxy/lines.ts";

/**
 * What -chardev would say of the arguments of chardev-add, as JSON: names are other ones there, and
 * a socket listens unless it is told not to. What is not known stays as it is, to be complained
 * about.
 */
export function chardevOption({ id, backend }: Message): Message {
  const { type, data } = membersOf(backend);
  const { addr, remote, local, device, out, in: input, ...others } = membersOf(data);
  return {
    ...others,
    ...(type === "socket" && { server: others.server ?? true, ...addressOf(addr) }),
    ...(remote !== undefined && addressOf(remote)),
    ...(local !== undefined && localOf(addressOf(local))),
    ...(device !== undefined && { path: device }),
    ...(out !== undefined && { path: out }),
    ...(input !== undefined && { "input-path": input }),
    id,
    backend: type,
  };
}

/** An address that is neither is told by its kind: descriptors, other machines. */
function addressOf(value: unknown): Message {
  const { type, data } = membersOf(value);
  return type === "unix" || type === "inet" ? membersOf(data) : { [String(type)]: true };
}

function localOf({ host, port, ...others }: Message): Message {
  return { ...others, localaddr: host, localport: port };
}
