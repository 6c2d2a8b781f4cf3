// title: execute a written program after confining oneself, so that nobody else would undo that
// as: both
// alone: later processes of the domain count as confined too
// event: name/execute kernel
#include "attack.h"
#include <linux/landlock.h>
static void attack(void) {
  int in = NEED(open("/proc/self/exe", O_RDONLY)),
      fd = NEED(open(in_scratch("granted/payload"), O_CREAT | O_TRUNC | O_WRONLY, 0700));
  char b[65536], *argv[] = {"true", 0}, *envp[] = {"ATTACK_STAGE2=1", 0};
  for (ssize_t n; (n = read(in, b, sizeof b)) > 0;) NEED(write(fd, b, (size_t)n));
  close(fd);
  struct landlock_ruleset_attr devices = {.handled_access_fs = LANDLOCK_ACCESS_FS_MAKE_CHAR};
  int own = STEP(syscall(SYS_landlock_create_ruleset, &devices, sizeof devices, 0));
  NEED(prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0));
  STEP(syscall(SYS_landlock_restrict_self, own, 0));
  close(own);
  execve(in_scratch("granted/payload"), argv, envp);
  refused("execve");
}
__attribute__((constructor)) static void stage2(void) {
  if (getenv("ATTACK_STAGE2")) succeeded("running an own program");
}
