// title: listen on a port that is not granted
// as: both
// event: address/listen broker
#include "attack.h"
static void attack(void) {
  struct sockaddr_in a =
      {.sin_family = AF_INET, .sin_port = htons(0), .sin_addr = {htonl(INADDR_LOOPBACK)}};
  int s = NEED(socket(AF_INET, SOCK_STREAM, 0));
  a.sin_port = htons(47923);
  STEP(bind(s, (void *)&a, sizeof a));
  TRY(listen(s, 1));
}
