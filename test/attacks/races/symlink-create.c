// title: a directory link flips while a file is created behind it
#include "race.h"
// What in_scratch() returns lies in a few buffers, so that only one thread may call it.
static char link_path[4096], at[4096], other[4096], secret[4096], exact[4096];
static void *relink(void *unused) {
  (void)unused;
  for (int i = 0; !stop_flipping; i++) {
    unlink(other);
    if (symlink(i & 1 ? secret : exact, other)) continue;
    rename(other, link_path);
  }
  return 0;
}
static void attack(void) {
  strcpy(link_path, in_scratch("granted/link"));
  strcpy(other, in_scratch("granted/link.new"));
  strcpy(at, in_scratch("granted/link/pid"));
  strcpy(secret, in_scratch("secret"));
  strcpy(exact, in_scratch("exact"));
  pthread_t t;
  NEED(-pthread_create(&t, 0, relink, 0));
  long ok = 0, no = 0;
  for (long i = 0; i < tries() && !exists(in_scratch("secret/pid")); i++) {
    int fd = open(at, O_CREAT | O_WRONLY, 0600);
    if (fd < 0) no++; else { ok++; close(fd); }
    if (i % 16 == 0) unlink(in_scratch("exact/pid"));
  }
  stop_flipping = 1;
  pthread_join(t, 0);
  report(ok, no);
  if (exists(in_scratch("secret/pid"))) succeeded("created behind a swapped link");
  refused("in no try");
}
