// title: send from a server's port, after a datagram to it, to another port than the asker's
// as: root
// policy: sender
// event: none
#include "attack.h"
static void attack(void) {
  struct sockaddr_in own = loopback("ATTACK_PORT_GRANTED"), from;
  struct sockaddr_in other = loopback("ATTACK_PORT_UDP");
  socklen_t length = sizeof from;
  int server = NEED(socket(AF_INET, SOCK_DGRAM, 0)), asker = NEED(socket(AF_INET, SOCK_DGRAM, 0));
  char byte;
  NEED(bind(server, (void *)&own, sizeof own));
  NEED(sendto(asker, "x", 1, 0, (void *)&own, sizeof own));
  NEED(recvfrom(server, &byte, 1, 0, (void *)&from, &length));
  // It may answer the asker.
  NEED(sendto(server, "x", 1, 0, (void *)&from, length));
  TRY(sendto(server, "x", 1, 0, (void *)&other, sizeof other));
}
