// title: OPEN ON PURPOSE: run a readable program through the dynamic loader
// as: both
// event: pinned
#include "attack.h"
static void attack(void) {
  char *argv[] = {"ld.so", (char *)setting("ATTACK_READABLE_PROGRAM"), 0}, *envp[] = {0};
  execve("/lib64/ld-linux-x86-64.so.2", argv, envp);
  refused("execve of the loader");
}
