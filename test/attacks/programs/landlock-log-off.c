// title: keep the kernel's records of one's own denials from whoever reads them
// as: both
// alone: later processes of the domain count as confined too
// event: syscall/landlock_restrict_self(LANDLOCK_RESTRICT_SELF_LOG_SAME_EXEC_OFF) broker
#include "attack.h"
#include <linux/landlock.h>
// Newer than Debian 13's header.
enum { LOG_SAME_EXEC_OFF = 1 << 0, LOG_SUBDOMAINS_OFF = 1 << 2 };
static void attack(void) {
  struct landlock_ruleset_attr files = {.handled_access_fs = LANDLOCK_ACCESS_FS_READ_FILE};
  NEED(prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0));
  int own = STEP(syscall(SYS_landlock_create_ruleset, &files, sizeof files, 0));
  if (syscall(SYS_landlock_restrict_self, own, LOG_SUBDOMAINS_OFF) == 0)
    succeeded("domains below it are not recorded");
  TRY(syscall(SYS_landlock_restrict_self, own, LOG_SAME_EXEC_OFF));
}
