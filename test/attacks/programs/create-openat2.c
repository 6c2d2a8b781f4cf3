// title: create through openat2, whose flags lie in memory
// as: both
// event: name/create broker
#include "attack.h"
#include <linux/openat2.h>
static void attack(void) {
  struct open_how how = {.flags = O_CREAT | O_WRONLY, .mode = 0600};
  TRY(syscall(SYS_openat2, AT_FDCWD, in_scratch("exact/other"), &how, sizeof how));
}
