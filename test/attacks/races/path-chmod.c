// title: the path flips while a mode is changed
#include "race.h"
static char path[PATH_BYTES] __attribute__((aligned(8)));
static mode_t mode_of(const char *file) {
  struct stat s;
  NEED(stat(file, &s));
  return s.st_mode;
}
static void attack(void) {
  NEED(open(in_scratch("granted/file"), O_CREAT | O_WRONLY, 0600));
  pthread_t t = flip_paths(path, in_scratch("granted/file"), in_scratch("readonly/file"));
  const mode_t before = mode_of(in_scratch("readonly/file"));
  long ok = 0, no = 0;
  for (long i = 0; i < tries() && mode_of(in_scratch("readonly/file")) == before; i++)
    if (chmod(path, 0611)) no++;
    else ok++;
  stop_flipping = 1;
  pthread_join(t, 0);
  report(ok, no);
  if (mode_of(in_scratch("readonly/file")) != before)
    succeeded("changed the mode of a file that is not granted");
  refused("in no try");
}
