import { type Message, membersOf } from "../proxy/lines.ts";

/**
 * The arguments of chardev-add, as JSON, in the words of -chardev: some names differ, and a socket
 * listens by default. Unknown arguments are kept, so that a later step reports them.
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

/** An address of another kind, such as a descriptor or vsock, stays and is reported later. */
function addressOf(value: unknown): Message {
  const { type, data } = membersOf(value);
  return type === "unix" || type === "inet" ? membersOf(data) : { [String(type)]: true };
}

function localOf({ host, port, ...others }: Message): Message {
  return { ...others, localaddr: host, localport: port };
}
