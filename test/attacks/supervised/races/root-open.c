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
static int open_one(void) { return open("/file", O_RDONLY); }
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
  long breach = bytes_read(open_one, count);
  stop_flipping = 1;
  pthread_join(t, 0);
  pthread_join(u, 0);
  if (breach) succeeded("read a secret from a swapped root");
  refused("in no try");
}
