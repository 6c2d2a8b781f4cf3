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
  unsigned flags = plan->head->seccomp_flags | listener_flag;
  long result = syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, flags, &program);
  const char *nested = "this process is in another domain, whose filter has a listener, and the "
                       "kernel allows only one: start it outside";
  need(result >= 0, "install the seccomp filter", NULL,
       errno == EBUSY ? nested : "`cofferdam doctor` says what this kernel can do");
  if (listener_flag != 0 && result <= STDERR_FILENO)
    refuse("install the seccomp filter", "listener", 0,
           "a seccomp filter of the caller seems to interfere");
  return listener_flag != 0 ? (int)result : NO_LISTENER;
}
