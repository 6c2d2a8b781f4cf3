// title: the path flips while a file is opened
#include "../../races/race.h"
static char path[PATH_BYTES] __attribute__((aligned(8)));
static void attack(void) {
  close(NEED(open(in_scratch("granted/file"), O_CREAT | O_WRONLY, 0600)));
  pthread_t t = flip_paths(path, in_scratch("granted/file"), in_scratch("readonly/file"));
  long ok = 0, no = 0, breach = 0;
  for (long i = 0; i < tries() && !breach; i++) {
    int fd = open(path, O_RDWR);
    struct stat s;
    if (fd < 0) { no++; continue; }
    ok++;
    NEED(fstat(fd, &s));
    if (s.st_size > 0) breach++;
    close(fd);
  }
  stop_flipping = 1;
  pthread_join(t, 0);
  report(ok, no);
  if (breach) succeeded("opened for writing what may only be read");
  refused("in no try");
}
