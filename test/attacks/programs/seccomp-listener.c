// title: install an own listener under Cofferdam's
// as: both
// event: syscall/seccomp(SECCOMP_SET_MODE_FILTER, SECCOMP_FILTER_FLAG_NEW_LISTENER) broker
#include "attack.h"
#include <linux/filter.h>
#include <linux/seccomp.h>
static void attack(void) {
  struct sock_filter f[] = {BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW)};
  struct sock_fprog p = {1, f};
  NEED(prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0));
  TRY(syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, SECCOMP_FILTER_FLAG_NEW_LISTENER, &p));
}
