#include <sys/utsname.h>

#include "launcher.h"

#define NS_PER_SECOND 1000000000ll

static bool node_holds(const char *path, const struct plan_node_facts *fact)
{
  struct stat now;
  return lstat(path, &now) == 0 && now.st_mode == fact->mode && now.st_dev == fact->dev && now.st_ino == fact->ino &&
         (uint64_t)now.st_size == fact->size && now.st_ctim.tv_sec * NS_PER_SECOND + now.st_ctim.tv_nsec == fact->ctime_ns;
}

static bool absent(const char *path)
{
  struct stat now;
  return lstat(path, &now) != 0 && (errno == ENOENT || errno == ENOTDIR);
}

static const char *names_stale(const struct plan *plan, const char **object)
{
  const struct plan_node_facts *node = plan_records(plan, SECTION_NODE_FACTS, plan_node_facts);
  for (size_t i = 0; i < plan->section[SECTION_NODE_FACTS].count; i++)
    if (!node_holds(*object = plan_string(plan, node[i].path), &node[i]))
      return "it changed since the plan was made";
  const struct plan_absent_facts *nothing = plan_records(plan, SECTION_ABSENT_FACTS, plan_absent_facts);
  for (size_t i = 0; i < plan->section[SECTION_ABSENT_FACTS].count; i++)
    if (!absent(*object = plan_string(plan, nothing[i].path)))
      return "it did not exist when the plan was made";
  struct stat anchor;
  *object = plan_string(plan, plan->head->cgroup_anchor);
  bool gone = plan_has(plan, PLAN_CGROUP) && (lstat(*object, &anchor) != 0 || !S_ISDIR(anchor.st_mode));
  return gone ? "the domain's cgroup is gone" : NULL;
}

static const char *host_stale(const struct plan *plan, const char **object)
{
  struct utsname now;
  need(uname(&now) == 0, "ask which kernel this is", "uname", NULL);
  const struct plan_kernel_facts *kernel = plan_records(plan, SECTION_KERNEL_FACTS, plan_kernel_facts);
  for (size_t i = 0; i < plan->section[SECTION_KERNEL_FACTS].count; i++)
    if (strcmp(now.release, *object = plan_string(plan, kernel[i].release)) != 0 ||
        strcmp(now.version, plan_string(plan, kernel[i].version)) != 0)
      return "the plan was made under another kernel";
  *object = "caller";
  const struct plan_caller_facts *caller = plan_records(plan, SECTION_CALLER_FACTS, plan_caller_facts);
  for (size_t i = 0; i < plan->section[SECTION_CALLER_FACTS].count; i++)
    if (caller[i].uid != geteuid() || caller[i].gid != getegid() || caller[i].capabilities != capabilities_now().effective)
      return "the plan was made for another user, group or set of capabilities";
  return NULL;
}

const char *facts_stale(const struct plan *plan, const char **object)
{
  const char *why = names_stale(plan, object);
  return why != NULL ? why : host_stale(plan, object);
}
