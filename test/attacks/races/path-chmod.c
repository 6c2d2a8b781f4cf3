// title: the path flips while a mode is changed
#include "race.h"
static char path[PATH_BYTES] __attribute__((aligned(8)));
static void attack(void) {
  NEED(open(in_scratch("granted/file"), O_CREAT | O_WRONLY, 0600));
  pthread_t t = flip_paths(path, in_scratch("granted/file"), in_scratch("readonly/file"));
  struct stat before, after;
  NEED(stat(in_scratch("readonly/file"), &before));
  long ok = 0, no = 0;
  for (long i = 0; i < tries(); i++) if (chmod(path, 0611)) no++; else ok++;
  stop_flipping = 1;
  pthread_join(t, 0);
  NEED(stat(in_scratch("readonly/file"), &after));
  report(ok, no);
  if (before.st_mode != after.st_mode) succeeded("changed the mode of a file that is not granted");
  refused("100,000 flips");
}
