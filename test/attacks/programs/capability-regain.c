// title: use a capability that the policy does not name
// as: root
// event: none
#include "attack.h"
#include <sys/socket.h>
static void attack(void) {
  int s = NEED(socket(AF_INET, SOCK_STREAM, 0)), mark = 7;
  TRY(setsockopt(s, SOL_SOCKET, SO_MARK, &mark, sizeof mark));
}
