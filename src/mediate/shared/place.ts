/** First argument of the host's shared mediator. The second may name another socket. */
export const SHARED_ARGUMENT = "shared";
/** First argument of its stand-by, followed by the socket and the active mediator's process id. */
export const STAND_BY_ARGUMENT = "stand-by";
/**
 * Holders hand over their domains here. The lock beside it makes the mediator the only one, and
 * contains the active mediator's process id.
 */
export const MEDIATOR_SOCKET = "/run/cofferdam/mediator.sock";

export function lockOf(socket: string): string {
  return socket.replace(/(\.sock)?$/, ".lock");
}
