// title: have the broker bind a socket outside the own root
// as: root
// policy: server
// bare: refused
// event: none
#include "attack.h"
static void attack(void) {
  struct sockaddr_un a;
  struct stat s;
  int s1 = NEED(socket(AF_UNIX, SOCK_STREAM, 0));
  int outside = NEED(open("/tmp", O_PATH | O_DIRECTORY));
  NEED(chroot(in_scratch("jail")));
  NEED(chdir("/"));
  socklen_t n = unix_name(&a, "/tmp/cofferdam-planted");
  bind(s1, (void *)&a, n);
  if (fstatat(outside, "cofferdam-planted", &s, 0)) refused("the socket is not outside");
  unlinkat(outside, "cofferdam-planted", 0);
  succeeded("a socket outside the root");
}
