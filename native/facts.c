#include "facts.h"

#include <errno.h>
#include <limits.h>
#include <linux/capability.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/utsname.h>
#include <unistd.h>

#define NS_PER_SECOND 1000000000ll

static bool stale(struct problem *problem, const char *object, const char *why)
{
  static char copy[PATH_MAX]; /* the plan's strings go with the plan; lstat refuses longer ones */
  strncpy(copy, object, sizeof copy - 1);
  *problem = (struct problem){"use the ready plan", copy, 0, why};
  return false;
}

static bool node_holds(const struct plan *plan, const struct plan_node_facts *fact)
{
  struct stat now;
  return lstat(plan_string(plan, fact->path), &now) == 0 && now.st_mode == fact->mode && now.st_dev == fact->dev &&
         now.st_ino == fact->ino && (uint64_t)now.st_size == fact->size &&
         now.st_ctim.tv_sec * NS_PER_SECOND + now.st_ctim.tv_nsec == fact->ctime_ns;
}

static bool absent(const char *path)
{
  struct stat now;
  return lstat(path, &now) != 0 && (errno == ENOENT || errno == ENOTDIR);
}

struct capability_sets capabilities_now(void)
{
  struct __user_cap_header_struct header = {_LINUX_CAPABILITY_VERSION_3, 0};
  struct __user_cap_data_struct data[_LINUX_CAPABILITY_U32S_3];
  if (syscall(SYS_capget, &header, data) != 0)
    refuse("read the capabilities of the caller", NULL, errno, NULL);
  return (struct capability_sets){
      (uint64_t)data[1].effective << 32 | data[0].effective,
      (uint64_t)data[1].permitted << 32 | data[0].permitted,
      (uint64_t)data[1].inheritable << 32 | data[0].inheritable,
  };
}

static bool host_holds(const struct plan *plan, struct problem *problem)
{
  struct utsname kernel;
  if (uname(&kernel) != 0)
    return stale(problem, "uname", "the kernel does not say what it is");
  for (size_t i = 0; i < plan->section[SECTION_KERNEL_FACTS].count; i++) {
    const struct plan_kernel_facts *fact = &plan_records(plan, SECTION_KERNEL_FACTS, plan_kernel_facts)[i];
    if (strcmp(kernel.release, plan_string(plan, fact->release)) != 0 ||
        strcmp(kernel.version, plan_string(plan, fact->version)) != 0)
      return stale(problem, kernel.release, "the plan was made under another kernel");
  }
  for (size_t i = 0; i < plan->section[SECTION_CALLER_FACTS].count; i++) {
    const struct plan_caller_facts *fact = &plan_records(plan, SECTION_CALLER_FACTS, plan_caller_facts)[i];
    if (fact->uid != geteuid() || fact->gid != getegid() || fact->capabilities != capabilities_now().effective)
      return stale(problem, "caller", "the plan was made for another user, group or set of capabilities");
  }
  return true;
}

bool facts_hold(const struct plan *plan, struct problem *problem)
{
  for (size_t i = 0; i < plan->section[SECTION_NODE_FACTS].count; i++) {
    const struct plan_node_facts *fact = &plan_records(plan, SECTION_NODE_FACTS, plan_node_facts)[i];
    if (!node_holds(plan, fact))
      return stale(problem, plan_string(plan, fact->path), "it changed since the plan was made");
  }
  for (size_t i = 0; i < plan->section[SECTION_ABSENT_FACTS].count; i++) {
    const char *path = plan_string(plan, plan_records(plan, SECTION_ABSENT_FACTS, plan_absent_facts)[i].path);
    if (!absent(path))
      return stale(problem, path, "it did not exist when the plan was made");
  }
  struct stat anchor;
  const char *cgroup = plan_string(plan, plan->head->cgroup_anchor);
  if (plan_has(plan, PLAN_CGROUP) && (lstat(cgroup, &anchor) != 0 || !S_ISDIR(anchor.st_mode)))
    return stale(problem, cgroup, "the domain's cgroup is gone");
  return host_holds(plan, problem);
}
