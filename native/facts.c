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

/* The clock by which exceptions and levels end: it cannot be set, and counts suspension. */
static int64_t since_boot(void)
{
  struct timespec time;
  clock_gettime(CLOCK_BOOTTIME, &time);
  return time.tv_sec * NS_PER_SECOND + time.tv_nsec;
}

static bool holds(const char *path, const struct plan_name_facts *fact)
{
  struct stat now;
  if (fact->role == FACT_UNTIL)
    return since_boot() < fact->ctime_ns;
  if (lstat(path, &now) == 0)
    return is_same(&now, fact);
  /* The snapshot contains no names that this caller cannot reach. A policy, however, must really be
     absent. */
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
    uint32_t role = fact[i].role;
    bool must_hold = role == FACT_AUTHORITY || role == FACT_UNTIL || age == PLAN_READY;
    if (!must_hold || holds(*object = plan_string(plan, fact[i].path), &fact[i]))
      continue;
    if (role == FACT_UNTIL)
      return "an exception in it, or its level, has ended";
    return fact[i].mode == 0 ? "it did not exist when the plan was made"
                             : "it changed since the plan was made";
  }
  struct stat anchor;
  *object = plan_string(plan, plan->head->cgroup_anchor);
  bool there = lstat(*object, &anchor) == 0 && S_ISDIR(anchor.st_mode);
  return plan_has(plan, PLAN_CGROUP) && !there ? "the domain's cgroup is gone" : NULL;
}

/* linux/landlock.h */
#define LANDLOCK_VERSION_ASKED 1u

/* The host's Landlock ABI; 0 for none. */
static uint32_t landlock_abi(void)
{
  long abi = syscall(SYS_landlock_create_ruleset, NULL, 0, LANDLOCK_VERSION_ASKED);
  return abi < 0 ? 0 : (uint32_t)abi;
}

/* Yama's setting, which decides which processes may trace which; 0 where there is no Yama. */
static uint32_t ptrace_scope(void)
{
  char digit = '0';
  int file = open("/proc/sys/kernel/yama/ptrace_scope", O_RDONLY | O_CLOEXEC);
  if (file >= 0 && read(file, &digit, 1) != 1)
    digit = '0';
  if (file >= 0)
    close(file);
  return (uint32_t)(digit - '0');
}

/* True also if that cannot be read: then the plan is made anew. */
static bool cgroup2_is_mounted(void)
{
  FILE *mounts = fopen("/proc/self/mountinfo", "re");
  char *line = NULL;
  size_t room = 0;
  bool found = mounts == NULL;
  while (!found && getline(&line, &room, mounts) > 0)
    found = strstr(line, " - cgroup2 ") != NULL;
  free(line);
  if (mounts != NULL)
    fclose(mounts);
  return found;
}

const char *host_changed(const struct plan *plan, enum plan_age age, const char **object)
{
  *object = "Landlock";
  if (plan->head->landlock_abi != landlock_abi())
    return "it was made where Landlock had another version";
  *object = "kernel.yama.ptrace_scope";
  if (plan->head->ptrace_scope != ptrace_scope())
    return "it was made under another setting";
  *object = "cgroup2";
  if (plan_has(plan, PLAN_WITHOUT_CGROUP2) && cgroup2_is_mounted())
    return "it was made where no control groups version 2 were mounted";
  *object = plan_string(plan, plan->head->domain);
  if (age == PLAN_READY && plan_has(plan, PLAN_FOR_ONE_START))
    return "it was made for one start, because this host lacked something it may have now";
  return NULL;
}
