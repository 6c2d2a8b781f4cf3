// title: send from a new socket to the peer that a server's socket may answer
// as: root
// policy: sender
// event: none
#include "attack.h"
static void attack(void) {
  struct sockaddr_in own = loopback("ATTACK_PORT_GRANTED"), from;
  socklen_t length = sizeof from;
  int server = NEED(socket(AF_INET, SOCK_DGRAM, 0)), asker = NEED(socket(AF_INET, SOCK_DGRAM, 0));
  char byte;
  NEED(bind(server, (void *)&own, sizeof own));
  NEED(sendto(asker, "x", 1, 0, (void *)&own, sizeof own));
  NEED(recvfrom(server, &byte, 1, 0, (void *)&from, &length));
  TRY(sendto(NEED(socket(AF_INET, SOCK_DGRAM, 0)), "x", 1, 0, (void *)&from, length));
}
