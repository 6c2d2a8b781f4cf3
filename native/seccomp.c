#include "seccomp.h"

#include <errno.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "report.h"

int seccomp_install(const struct plan *plan)
{
  struct sock_fprog program = {
      .len = (unsigned short)plan->section[SECTION_FILTER].count,
      .filter = (struct sock_filter *)plan->section[SECTION_FILTER].at,
  };
  _Static_assert(sizeof(struct plan_filter) == sizeof(struct sock_filter), "instructions are passed as they are");
  unsigned listener_flag = plan_has(plan, PLAN_LISTENER) ? SECCOMP_FILTER_FLAG_NEW_LISTENER : 0;
  long result =
      syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, plan->head->seccomp_flags | listener_flag, &program);
  if (result < 0)
    refuse("install the seccomp filter", NULL, errno,
           errno == EBUSY ? "this process is under a listener already; start the daemon from outside any domain"
                          : "`cofferdam doctor` says what this kernel can do");
  return listener_flag != 0 ? (int)result : -1;
}
