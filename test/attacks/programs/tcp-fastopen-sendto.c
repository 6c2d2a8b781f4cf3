// title: deliver data with sendto(MSG_FASTOPEN), past connect
// as: both
// event: syscall/sendto(MSG_FASTOPEN) broker
#include "attack.h"
static void attack(void) {
  struct sockaddr_in a = loopback("ATTACK_PORT_FOREIGN");
  TRY(sendto(NEED(socket(AF_INET, SOCK_STREAM, 0)), "x", 1, MSG_FASTOPEN, (void *)&a, sizeof a));
}
