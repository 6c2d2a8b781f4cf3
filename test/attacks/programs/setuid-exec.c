// title: gain privileges through a set-user-id program
// as: user
// event: none
#include "attack.h"
static void attack(void) {
  char *argv[] = {"suid", 0}, *envp[] = {"ATTACK_STAGE2=1", 0};
  execve(setting("ATTACK_SETUID_PROGRAM"), argv, envp);
  refused("execve");
}
__attribute__((constructor)) static void stage2(void) {
  if (!getenv("ATTACK_STAGE2")) return;
  if (geteuid() == 0) succeeded("euid 0");
  refused("set-user-id bit ignored");
}
