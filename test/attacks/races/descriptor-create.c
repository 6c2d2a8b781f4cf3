// title: the directory descriptor flips by dup2 while a file is created
#include "race.h"
static int good, bad, used;
static void *redup(void *unused) {
  (void)unused;
  while (!stop_flipping) { dup2(good, used); dup2(bad, used); }
  return 0;
}
static void attack(void) {
  good = NEED(open(in_scratch("exact"), O_PATH | O_DIRECTORY));
  bad = NEED(open(in_scratch("secret"), O_PATH | O_DIRECTORY));
  used = NEED(dup(good));
  pthread_t t;
  NEED(-pthread_create(&t, 0, redup, 0));
  long ok = 0, no = 0;
  for (long i = 0; i < tries() && !exists(in_scratch("secret/pid")); i++) {
    int fd = openat(used, "pid", O_CREAT | O_WRONLY, 0600);
    if (fd < 0) no++; else { ok++; close(fd); }
    if (i % 16 == 0) unlink(in_scratch("exact/pid"));
  }
  stop_flipping = 1;
  pthread_join(t, 0);
  report(ok, no);
  if (exists(in_scratch("secret/pid"))) succeeded("created through a swapped descriptor");
  refused("in no try");
}
