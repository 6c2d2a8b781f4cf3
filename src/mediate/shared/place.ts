/** First argument of the host's one mediator; the next one may name another socket. */
export const SHARED_ARGUMENT = "shared";
/**
 * Where holders hand their domains over. Beside it lies the lock that makes its mediator the only
 * one.
 */
export const MEDIATOR_SOCKET = "/run/cofferdam/mediator.sock";

export function lockOf(socket: string): string {
  return socket.replace(/(\.sock)?$/, ".lock");
}
