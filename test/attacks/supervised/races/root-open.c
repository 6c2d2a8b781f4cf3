// title: another thread changes the root directory, and unshares its own, while a file is opened
// as: root
#include "../../races/race.h"
static int top, good, bad;
static void root_at(int directory) {
  NEED(fchdir(directory));
  NEED(chroot("."));
}
static void *wander(void *unused) {
  while (!stop_flipping) { root_at(good); root_at(bad); }
  return unused;
}
static void *apart(void *unused) {
  NEED(unshare(CLONE_FS));
  while (!stop_flipping) { root_at(bad); usleep(100); }
  return unused;
}
static void attack(void) {
  close(NEED(open(in_scratch("granted/file"), O_CREAT | O_WRONLY, 0600)));
  top = NEED(open("/", O_PATH | O_DIRECTORY));
  good = NEED(open(in_scratch("granted"), O_PATH | O_DIRECTORY));
  bad = NEED(open(in_scratch("secret"), O_PATH | O_DIRECTORY));
  const long count = tries();
  root_at(good);
  pthread_t t, u;
  NEED(-pthread_create(&t, 0, wander, 0));
  NEED(-pthread_create(&u, 0, apart, 0));
  long ok = 0, no = 0, breach = 0;
  for (long i = 0; i < count; i++) {
    int fd = open("/file", O_RDONLY);
    char c;
    if (fd < 0) { no++; continue; }
    ok++;
    if (read(fd, &c, 1) == 1) breach++;
    close(fd);
  }
  stop_flipping = 1;
  pthread_join(t, 0);
  pthread_join(u, 0);
  report(ok, no);
  if (breach) succeeded("read a secret from a swapped root");
  refused("100,000 flips");
}
