// title: execute a memfd through /proc/self/fd
// as: both
// event: none
#include "attack.h"
static void attack(void) {
  int in = NEED(open("/proc/self/exe", O_RDONLY)), fd = STEP(memfd_create("payload", 0));
  char b[65536], p[64], *argv[] = {"true", 0}, *envp[] = {"ATTACK_STAGE2=1", 0};
  for (ssize_t n; (n = read(in, b, sizeof b)) > 0;) NEED(write(fd, b, (size_t)n));
  snprintf(p, sizeof p, "/proc/self/fd/%d", fd);
  fchmod(fd, 0777);
  execve(p, argv, envp);
  refused("execve");
}
__attribute__((constructor)) static void stage2(void) {
  if (getenv("ATTACK_STAGE2")) succeeded("running from a memfd");
}
