// title: serve every IPv4 address with a grant for ::, by turning IPV6_V6ONLY off meanwhile
// as: both
// policy: server
// event: none
#include "attack.h"
#include <time.h>
// Whichever comes first; of the tries those count in which the other thread began a turn.
enum { TRIES = 5000, SECONDS = 4 };
static int current = -1, turns;
static void *toggler(void *unused) {
  for (;;) {
    int value = 0, s = __atomic_load_n(&current, __ATOMIC_RELAXED);
    if (s < 0) continue;
    __atomic_fetch_add(&turns, 1, __ATOMIC_RELAXED);
    setsockopt(s, IPPROTO_IPV6, IPV6_V6ONLY, &value, sizeof value);
  }
  return unused;
}
static void attack(void) {
  struct sockaddr_in6 a = {.sin6_family = AF_INET6};
  pthread_t t;
  NEED(-pthread_create(&t, 0, toggler, 0));
  time_t end = time(0) + SECONDS;
  for (int i = 0, counted = 0; counted < TRIES && time(0) < end; i++) {
    int value = 1, s = NEED(socket(AF_INET6, SOCK_STREAM, 0));
    socklen_t n = sizeof value;
    NEED(setsockopt(s, IPPROTO_IPV6, IPV6_V6ONLY, &value, sizeof value));
    int before = __atomic_load_n(&turns, __ATOMIC_RELAXED);
    __atomic_store_n(&current, s, __ATOMIC_RELAXED);
    for (volatile int delay = 0; delay < i % 1000; delay++) { }
    int bound = bind(s, (void *)&a, sizeof a);
    __atomic_store_n(&current, -1, __ATOMIC_RELAXED);
    counted += __atomic_load_n(&turns, __ATOMIC_RELAXED) != before;
    NEED(getsockopt(s, IPPROTO_IPV6, IPV6_V6ONLY, &value, &n));
    if (bound == 0 && value == 0) succeeded("bound to every IPv4 address");
    close(s);
  }
  refused("never both");
}
