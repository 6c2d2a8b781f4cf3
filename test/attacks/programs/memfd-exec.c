// title: execute a memfd by execveat(AT_EMPTY_PATH)
// as: both
// event: syscall/execveat(AT_EMPTY_PATH) broker
#include "attack.h"
static void attack(void) {
  int in = NEED(open("/proc/self/exe", O_RDONLY)), fd = STEP(memfd_create("payload", 0));
  char b[65536], *argv[] = {"true", 0}, *envp[] = {"ATTACK_STAGE2=1", 0};
  for (ssize_t n; (n = read(in, b, sizeof b)) > 0;) NEED(write(fd, b, (size_t)n));
  syscall(SYS_execveat, fd, "", argv, envp, AT_EMPTY_PATH);
  refused("execveat");
}
__attribute__((constructor)) static void stage2(void) {
  if (getenv("ATTACK_STAGE2")) succeeded("running from a memfd");
}
