// title: have a socket bound above the grant by moving the directory from which `..` goes up
// as: both
// policy: server
// event: name/listen broker
#include "attack.h"
#include <time.h>
// Whichever comes first.
enum { TRIES = 2000, SECONDS = 4 };
static int ended;
static void *mover(void *unused) {
  char deep[4096], flat[4096];
  snprintf(deep, sizeof deep, "%s", in_scratch("plain/a/b"));
  snprintf(flat, sizeof flat, "%s", in_scratch("plain/b"));
  while (!__atomic_load_n(&ended, __ATOMIC_RELAXED)) {
    rename(deep, flat);
    rename(flat, deep);
  }
  return unused;
}
static void try_bind(struct sockaddr_un *a, socklen_t n) {
  struct stat s;
  int s1 = NEED(socket(AF_UNIX, SOCK_STREAM, 0));
  bind(s1, (void *)a, n);
  close(s1);
  unlink(in_scratch("plain/planted"));
  if (stat(in_scratch("planted"), &s) == 0) succeeded("a socket above the grant");
}
static void attack(void) {
  struct sockaddr_un a;
  pthread_t t;
  socklen_t n = unix_name(&a, "../../planted");
  NEED(mkdir(in_scratch("plain/a"), 0700));
  NEED(mkdir(in_scratch("plain/a/b"), 0700));
  NEED(chdir(in_scratch("plain/a/b")));
  // Once without a race: if that continues, its event does not depend on the winner.
  NEED(rename(in_scratch("plain/a/b"), in_scratch("plain/b")));
  try_bind(&a, n);
  NEED(rename(in_scratch("plain/b"), in_scratch("plain/a/b")));
  NEED(-pthread_create(&t, 0, mover, 0));
  time_t end = time(0) + SECONDS;
  for (int i = 0; i < TRIES && time(0) < end; i++) try_bind(&a, n);
  refused("never above the grant");
}
