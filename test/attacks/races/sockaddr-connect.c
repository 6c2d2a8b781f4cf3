// title: the port flips while a socket connects
#include "race.h"
static struct { char pad[6]; struct sockaddr_in a; } raced __attribute__((aligned(8)));
static uint16_t good_port, bad_port;
static void *flip_port(void *unused) {
  (void)unused;
  volatile uint16_t *p = &raced.a.sin_port;
  while (!stop_flipping) {
    *p = good_port;
    for (volatile int i = 0; i < 20; i++) { }
    *p = bad_port;
    for (volatile int i = 0; i < 20; i++) { }
  }
  return 0;
}
static void attack(void) {
  good_port = htons((uint16_t)number("ATTACK_PORT_GRANTED"));
  bad_port = htons((uint16_t)number("ATTACK_PORT_FOREIGN"));
  raced.a = loopback("ATTACK_PORT_GRANTED");
  pthread_t t;
  NEED(-pthread_create(&t, 0, flip_port, 0));
  long ok = 0, no = 0, breach = 0;
  for (long i = 0; i < tries() && !breach; i++) {
    int s = NEED(socket(AF_INET, SOCK_STREAM, 0));
    struct linger reset = {1, 0};
    setsockopt(s, SOL_SOCKET, SO_LINGER, &reset, sizeof reset);
    if (connect(s, (void *)&raced.a, sizeof raced.a)) no++;
    else {
      struct sockaddr_in peer;
      socklen_t n = sizeof peer;
      ok++;
      if (!getpeername(s, (void *)&peer, &n) && peer.sin_port == bad_port) breach++;
    }
    close(s);
  }
  stop_flipping = 1;
  pthread_join(t, 0);
  report(ok, no);
  if (breach) succeeded("connected to a port that is not granted");
  refused("in no try");
}
