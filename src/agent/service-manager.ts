import { AF_UNIX, MSG_NOSIGNAL, SOCK_CLOEXEC, SOCK_DGRAM } from "../kernel/constants.ts";
import { close, syscall } from "../kernel/ffi.ts";

const FIRST_DESCRIPTOR = 3;
/** Family and name of `struct sockaddr_un`. */
const FAMILY_BYTES = 2;

/** E.g. `READY=1` (sd_notify(3)); does nothing unless the service manager asked for it. */
export function notifyManager(text: string, socket = process.env.NOTIFY_SOCKET): void {
  if (socket === undefined || socket === "") return;
  const name = Buffer.from(socket.startsWith("@") ? `\0${socket.slice(1)}` : socket);
  const address = Buffer.alloc(FAMILY_BYTES + name.length + (socket.startsWith("@") ? 0 : 1));
  address.writeUInt16LE(AF_UNIX, 0);
  name.copy(address, FAMILY_BYTES);
  const bytes = Buffer.from(text);
  const fd = syscall("socket", AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
  try {
    syscall("sendto", fd, bytes, bytes.length, MSG_NOSIGNAL, address, address.length);
  } finally {
    close(fd);
  }
}

/** null without socket activation (sd_listen_fds(3)). */
export function activatedSocket(env: NodeJS.ProcessEnv = process.env): number | null {
  return env.LISTEN_PID === String(process.pid) && env.LISTEN_FDS === "1" ? FIRST_DESCRIPTOR : null;
}
