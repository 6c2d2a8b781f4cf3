// title: the path flips while a name is deleted
#include "race.h"
static char path[PATH_BYTES] __attribute__((aligned(8)));
static void attack(void) {
  pthread_t t = flip_paths(path, in_scratch("exact/pid"), in_scratch("exact/keep"));
  long ok = 0, no = 0;
  for (long i = 0; i < tries() && exists(in_scratch("exact/keep")); i++) {
    if (i % 16 == 0) close(open(in_scratch("exact/pid"), O_CREAT | O_WRONLY, 0600));
    if (unlink(path)) no++; else ok++;
  }
  stop_flipping = 1;
  pthread_join(t, 0);
  report(ok, no);
  if (!exists(in_scratch("exact/keep"))) succeeded("deleted a name that is not granted");
  refused("in no try");
}
