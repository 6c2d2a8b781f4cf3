// title: two directories change places while a name is deleted in one of them
#include "race.h"
// granted/a/pid may be removed, like everything below granted/. The swap puts a link to exact/ in
// its place, and `keep` there may not.
static char a[4096], b[4096], at[4096];
static void *swap(void *unused) {
  (void)unused;
  while (!stop_flipping) syscall(SYS_renameat2, AT_FDCWD, a, AT_FDCWD, b, 2 /* RENAME_EXCHANGE */);
  return 0;
}
static void attack(void) {
  strcpy(a, in_scratch("granted/a"));
  strcpy(b, in_scratch("granted/b"));
  strcpy(at, in_scratch("granted/a/keep"));
  NEED(mkdir(a, 0700));
  NEED(symlink(in_scratch("exact"), b));
  int real = (int)NEED(open(a, O_PATH | O_DIRECTORY));
  pthread_t t;
  NEED(-pthread_create(&t, 0, swap, 0));
  long ok = 0, no = 0;
  for (long i = 0; i < tries() && exists(in_scratch("exact/keep")); i++) {
    // In the granted directory the name is there to be deleted, whichever of the two names that has
    // now.
    if (i % 4 == 0) close(openat(real, "keep", O_CREAT | O_WRONLY, 0600));
    if (unlink(at)) no++; else ok++;
  }
  stop_flipping = 1;
  pthread_join(t, 0);
  report(ok, no);
  if (!exists(in_scratch("exact/keep"))) succeeded("deleted behind a swapped directory");
  refused("in no try");
}
