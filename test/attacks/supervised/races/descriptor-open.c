// title: the directory descriptor flips by dup2 while a file is opened
#include "../../races/race.h"
static int good, bad, used;
static void *redup(void *unused) {
  while (!stop_flipping) { dup2(good, used); dup2(bad, used); }
  return unused;
}
static int open_one(void) { return openat(used, "file", O_RDONLY); }
static void attack(void) {
  close(NEED(open(in_scratch("granted/file"), O_CREAT | O_WRONLY, 0600)));
  good = NEED(open(in_scratch("granted"), O_PATH | O_DIRECTORY));
  bad = NEED(open(in_scratch("secret"), O_PATH | O_DIRECTORY));
  used = NEED(dup(good));
  pthread_t t;
  NEED(-pthread_create(&t, 0, redup, 0));
  long breach = bytes_read(open_one, tries());
  stop_flipping = 1;
  pthread_join(t, 0);
  if (breach) succeeded("read a secret through a swapped descriptor");
  refused("in no try");
}
