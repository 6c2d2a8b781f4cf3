// title: be taken for root by a peer that asks for credentials, through the broker
// as: root
// policy: server
// bare: refused
// event: none
#include "attack.h"
static void attack(void) {
  int ends[2], on = 1;
  char byte, space[CMSG_SPACE(sizeof(struct ucred))];
  struct iovec data = {"x", 1}, taken = {&byte, 1};
  struct msghdr message = {.msg_iov = &data, .msg_iovlen = 1};
  struct msghdr answer =
      {.msg_iov = &taken, .msg_iovlen = 1, .msg_control = space, .msg_controllen = sizeof space};
  NEED(socketpair(AF_UNIX, SOCK_STREAM, 0, ends));
  NEED(setsockopt(ends[1], SOL_SOCKET, SO_PASSCRED, &on, sizeof on));
  NEED(setresgid(65534, 65534, 65534));
  NEED(setresuid(65534, 65534, 65534));
  STEP(sendmsg(ends[0], &message, 0));
  NEED(recvmsg(ends[1], &answer, 0));
  struct ucred *told = (void *)CMSG_DATA(CMSG_FIRSTHDR(&answer));
  if (told->uid == 65534 && told->gid == 65534) refused("the peer is told the sender's own ids");
  succeeded("the peer is told another's ids");
}
