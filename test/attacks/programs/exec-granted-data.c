// title: execute a program that was written into a data directory
// as: both
// event: name/execute kernel
#include "attack.h"
static void attack(void) {
  int in = NEED(open("/proc/self/exe", O_RDONLY)),
      fd = NEED(open(in_scratch("granted/payload"), O_CREAT | O_TRUNC | O_WRONLY, 0700));
  char b[65536], *argv[] = {"true", 0}, *envp[] = {"ATTACK_STAGE2=1", 0};
  for (ssize_t n; (n = read(in, b, sizeof b)) > 0;) NEED(write(fd, b, (size_t)n));
  close(fd);
  execve(in_scratch("granted/payload"), argv, envp);
  refused("execve");
}
__attribute__((constructor)) static void stage2(void) {
  if (getenv("ATTACK_STAGE2")) succeeded("running an own program");
}
