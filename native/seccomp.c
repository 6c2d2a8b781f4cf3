#include <linux/filter.h>
#include <linux/seccomp.h>

#include "launcher.h"

int seccomp_install(const struct plan *plan, bool asks)
{
  size_t section = asks ? SECTION_ASKING_FILTER : SECTION_FILTER;
  struct sock_fprog program = {
      .len = (unsigned short)plan->section[section].count,
      .filter = (struct sock_filter *)plan->section[section].at,
  };
  _Static_assert(sizeof(struct plan_filter) == sizeof(struct sock_filter), "passed as they are");
  _Static_assert(sizeof(struct plan_asking_filter) == sizeof(struct sock_filter), "likewise");
  unsigned listener_flag = plan_has(plan, PLAN_LISTENER) ? SECCOMP_FILTER_FLAG_NEW_LISTENER : 0;
  long result = syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, plan->head->seccomp_flags | listener_flag, &program);
  need(result >= 0, "install the seccomp filter", NULL,
       errno == EBUSY ? "this process is under a listener already, that of another domain, and the kernel allows one: start from outside"
                      : "`cofferdam doctor` says what this kernel can do");
  if (listener_flag != 0 && result <= STDERR_FILENO)
    refuse("install the seccomp filter", "listener", 0, "a filter of the caller's seems to interfere");
  return listener_flag != 0 ? (int)result : NO_LISTENER;
}
