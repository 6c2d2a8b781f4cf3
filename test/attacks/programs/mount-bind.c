// title: bind-mount a secret into a granted directory
// as: root
// event: syscall/unshare(CLONE_NEWNS) broker
#include "attack.h"
#include <sys/mount.h>
static void attack(void) {
  STEP(unshare(CLONE_NEWNS));
  STEP(mount(0, "/", 0, MS_REC | MS_PRIVATE, 0));
  TRY(mount(in_scratch("secret"), in_scratch("granted"), 0, MS_BIND, 0));
}
