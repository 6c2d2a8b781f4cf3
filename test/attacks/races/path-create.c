// title: the path flips while a file is created
#include "race.h"
static char path[PATH_BYTES] __attribute__((aligned(8)));
static void attack(void) {
  pthread_t t = flip_paths(path, in_scratch("exact/pid"), in_scratch("exact/bad"));
  long ok = 0, no = 0;
  for (long i = 0; i < tries() && !exists(in_scratch("exact/bad")); i++) {
    int fd = open(path, O_CREAT | O_WRONLY, 0600);
    if (fd < 0) no++; else { ok++; close(fd); }
    if (i % 64 == 0) unlink(in_scratch("exact/pid"));
  }
  stop_flipping = 1;
  pthread_join(t, 0);
  report(ok, no);
  if (exists(in_scratch("exact/bad"))) succeeded("created a name that is not granted");
  refused("in no try");
}
