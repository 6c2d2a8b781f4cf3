/** First argument of the host's one mediator; the next one may name another socket. */
export const SHARED_ARGUMENT = "shared";
/** Of the process that takes over from it; then the socket, and the active one's process id. */
export const STAND_BY_ARGUMENT = "stand-by";
/**
 * Where holders hand their domains over. Beside it lies the lock that makes its mediator the only
 * one, in which stands the process id of the active one.
 */
export const MEDIATOR_SOCKET = "/run/cofferdam/mediator.sock";

export function lockOf(socket: string): string {
  return socket.replace(/(\.sock)?$/, ".lock");
}
