#include "launcher.h"

#define NS_PER_SECOND 1000000000ll

static bool is_same(const struct stat *now, const struct plan_name_facts *fact)
{
  if (fact->role == FACT_OBJECT)
    return (now->st_mode & S_IFMT) == fact->mode;
  return now->st_mode == fact->mode && now->st_dev == fact->dev && now->st_ino == fact->ino &&
         (uint64_t)now->st_size == fact->size &&
         now->st_ctim.tv_sec * NS_PER_SECOND + now->st_ctim.tv_nsec == fact->ctime_ns;
}

static bool holds(const char *path, const struct plan_name_facts *fact)
{
  struct stat now;
  if (lstat(path, &now) == 0)
    return is_same(&now, fact);
  /* The snapshot has no names that this caller cannot reach; a policy may only be absent. */
  return fact->mode == 0 && (fact->role != FACT_AUTHORITY || errno == ENOENT || errno == ENOTDIR);
}

const char *facts_stale(const struct plan *plan, const char *start, enum plan_age age,
                        const char **object)
{
  const struct plan_start_facts *text = plan_records(plan, SECTION_START_FACTS, plan_start_facts);
  if (plan->section[SECTION_START_FACTS].count != 1 ||
      strcmp(plan_string(plan, text->text), start) != 0)
    return "it was made for another start: another kernel, user, set of capabilities, domain or "
           "choice";
  const struct plan_name_facts *fact = plan_records(plan, SECTION_NAME_FACTS, plan_name_facts);
  for (size_t i = 0; i < plan->section[SECTION_NAME_FACTS].count; i++) {
    bool must_hold = fact[i].role == FACT_AUTHORITY || age == PLAN_READY;
    if (must_hold && !holds(*object = plan_string(plan, fact[i].path), &fact[i]))
      return fact[i].mode == 0 ? "it did not exist when the plan was made"
                               : "it changed since the plan was made";
  }
  struct stat anchor;
  *object = plan_string(plan, plan->head->cgroup_anchor);
  bool there = lstat(*object, &anchor) == 0 && S_ISDIR(anchor.st_mode);
  return plan_has(plan, PLAN_CGROUP) && !there ? "the domain's cgroup is gone" : NULL;
}
