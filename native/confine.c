/*
 * The order is the design. Descriptors first, so that nothing inherited is shared with the holder for long. The holder before
 * the cgroup and before any privilege is lost, so that it lives outside the domain and cleans up after every failure. Paths are
 * opened before the identity changes. Landlock and seccomp last, while CAP_SYS_ADMIN is still effective where no_new_privs is
 * not set; behind the filter only memory is written, and execve called.
 */
#include "confine.h"

#include <errno.h>
#include <unistd.h>

#include "cgroup.h"
#include "descriptors.h"
#include "events.h"
#include "holder.h"
#include "identity.h"
#include "landlock.h"
#include "report.h"
#include "seccomp.h"

_Noreturn static void execute(const char *command, char **arguments)
{
  execve(command, arguments, environ);
  const struct problem problem = {"execute the command", command, errno,
                                  errno == EACCES ? "the policy must grant `x` on it and on its interpreter" : NULL};
  fail(problem.error == ENOENT ? EXIT_NOT_FOUND : EXIT_NOT_EXECUTABLE, &problem);
}

void confine(const struct options *options, const struct plan *plan, const char *plan_path, const char *command)
{
  if (plan->head->level == PLAN_LEVEL_DISABLED)
    execute(command, options->command);
  descriptors_close(plan);
  int events = options->events != NULL || plan_has(plan, PLAN_LISTENER) ? events_open(options, plan_path) : -1;
  descriptors_replace(plan);
  struct handover *handover = holder_start(plan, events);
  cgroup_enter(plan, &handover->cgroup);
  identity_private_ipc(plan);
  int ruleset = plan_has(plan, PLAN_LANDLOCK) ? landlock_build(plan) : -1;
  identity_assume(plan);
  if (ruleset >= 0)
    landlock_enter(plan, ruleset, plan_path);
  holder_give(handover, seccomp_install(plan));
  execute(command, options->command);
}
