// title: another thread changes the working directory while a file is opened
#include "../../races/race.h"
static int good, bad;
static void *wander(void *unused) {
  while (!stop_flipping) { NEED(fchdir(good)); NEED(fchdir(bad)); }
  return unused;
}
static int open_one(void) { return open("file", O_RDONLY); }
static void attack(void) {
  close(NEED(open(in_scratch("granted/file"), O_CREAT | O_WRONLY, 0600)));
  good = NEED(open(in_scratch("granted"), O_PATH | O_DIRECTORY));
  bad = NEED(open(in_scratch("secret"), O_PATH | O_DIRECTORY));
  NEED(fchdir(good));
  pthread_t t;
  NEED(-pthread_create(&t, 0, wander, 0));
  long breach = bytes_read(open_one, tries());
  stop_flipping = 1;
  pthread_join(t, 0);
  if (breach) succeeded("read a secret from a swapped working directory");
  refused("in no try");
}
