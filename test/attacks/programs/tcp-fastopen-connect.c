// title: TCP_FASTOPEN_CONNECT, then connect and write
// as: both
// event: address/connect kernel
#include "attack.h"
#include <netinet/tcp.h>
static void attack(void) {
  struct sockaddr_in a = loopback("ATTACK_PORT_FOREIGN");
  int s = NEED(socket(AF_INET, SOCK_STREAM, 0)), one = 1;
  NEED(setsockopt(s, IPPROTO_TCP, TCP_FASTOPEN_CONNECT, &one, sizeof one));
  STEP(connect(s, (void *)&a, sizeof a));
  TRY(write(s, "x", 1));
}
