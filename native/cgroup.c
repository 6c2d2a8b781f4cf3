#include <limits.h>
#include <linux/bpf.h>
#include <linux/magic.h>

#include "launcher.h"

/* Limit on the programs of one attach type at one cgroup, including ancestors':
   BPF_CGROUP_MAX_PROGS per level. */
#define PROGRAMS_MAX 256
#define REMOVE_INTERVAL_NS 100000000l
#define SERVICE_UNIT ".service"

long bpf_call(int command, union bpf_attr *attributes)
{
  return syscall(SYS_bpf, command, attributes, sizeof *attributes);
}

int program_open(uint32_t id)
{
  union bpf_attr wanted = {.prog_id = id};
  return (int)bpf_call(BPF_PROG_GET_FD_BY_ID, &wanted);
}

bool program_info(uint32_t id, struct bpf_prog_info *info)
{
  int program = program_open(id);
  if (program < 0)
    return false;
  union bpf_attr query = {.info = {.bpf_fd = (uint32_t)program,
                                   .info_len = sizeof *info,
                                   .info = (uintptr_t)info}};
  bool known = bpf_call(BPF_OBJ_GET_INFO_BY_FD, &query) == 0;
  close(program);
  return known;
}

int programs_attached(int group, uint32_t hook, uint32_t flags, uint32_t *ids, uint32_t max)
{
  union bpf_attr query = {.query = {.target_fd = (uint32_t)group,
                                    .attach_type = hook,
                                    .query_flags = flags,
                                    .prog_ids = (uintptr_t)ids,
                                    .prog_cnt = max}};
  return bpf_call(BPF_PROG_QUERY, &query) == 0 ? (int)query.query.prog_cnt : -1;
}

uint32_t program_with_tag(const uint32_t *ids, int count, const uint8_t *tag)
{
  for (int i = 0; i < count; i++) {
    struct bpf_prog_info info = {0};
    if (program_info(ids[i], &info) && memcmp(info.tag, tag, sizeof info.tag) == 0)
      return ids[i];
  }
  return 0;
}

static void verify(const char *anchor, int directory, const struct plan_cgroup_programs *program)
{
  uint32_t ids[PROGRAMS_MAX];
  int count = programs_attached(directory, (uint32_t)program->attach_type, BPF_F_QUERY_EFFECTIVE,
                                ids, PROGRAMS_MAX);
  need(count >= 0, "ask for the cgroup's programs", anchor,
       "it takes CAP_BPF and CAP_NET_ADMIN, or root");
  if (program_with_tag(ids, count, program->tag) == 0)
    refuse("find the domain's program at its cgroup", anchor, 0,
           "remove that cgroup; the next start compiles the plan and makes it again");
}

static void verify_all(const struct plan *plan, const char *anchor, int directory)
{
  const struct plan_cgroup_programs *programs =
      plan_records(plan, SECTION_CGROUP_PROGRAMS, plan_cgroup_programs);
  for (size_t i = 0; i < plan->section[SECTION_CGROUP_PROGRAMS].count; i++)
    verify(anchor, directory, &programs[i]);
}

/* Every user may look into a group, as `ps` does, whatever the umask of the caller or its unit. */
static int make_group(int folder, const char *name)
{
  mode_t callers = umask(0);
  int made = mkdirat(folder, name, 0755), error = errno;
  umask(callers);
  errno = error;
  return made;
}

static int make_child(int anchor, const char *name)
{
  if (make_group(anchor, name) == 0)
    return 0;
  /* A daemon with the same process id, whose holder was killed, left an empty group. */
  if (errno != EEXIST || unlinkat(anchor, name, AT_REMOVEDIR) != 0)
    return -1;
  return make_group(anchor, name);
}

static int open_anchor(const char *path)
{
  struct statfs system;
  int anchor = open(path, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
  need(anchor >= 0, "open the domain's cgroup", path, "start again: the compiler makes it");
  if (fstatfs(anchor, &system) != 0 || system.f_type != CGROUP2_SUPER_MAGIC)
    refuse("open the domain's cgroup", path, 0, "it does not lie in a cgroup v2 hierarchy");
  return anchor;
}

/* The path of the domain's anchor without programs. Its name ends in the digest of empty tables. */
static const char *bare(const char *anchor)
{
  static const char no_tables[] = "0000000000000000";
  char *path = joined(anchor, "", "");
  size_t length = strlen(path), digits = strlen(no_tables);
  if (length <= digits || path[length - digits - 1] != '.')
    refuse("find the domain's cgroup without programs", anchor, 0,
           "start again: the compiler makes the plan anew");
  memcpy(path + length - digits, no_tables, digits);
  need(make_group(AT_FDCWD, path) == 0 || errno == EEXIST, "make the domain's cgroup", path, NULL);
  return path;
}

static void make_own(const char *path, struct cgroup *cgroup)
{
  int anchor = open_anchor(path);
  snprintf(cgroup->name, sizeof cgroup->name, "%d", getpid());
  need(make_child(anchor, cgroup->name) == 0, "make a cgroup for the daemon", path,
       "EBUSY: another process lives under this daemon's id there");
  cgroup->anchor = anchor;
}

static void unmake_own(struct cgroup *cgroup)
{
  int anchor = cgroup->anchor;
  cgroup->anchor = -1;
  cgroup->elsewhere_count = 0;
  unlinkat(anchor, cgroup->name, AT_REMOVEDIR);
  close(anchor);
}

/* The path of this process's group in the hierarchy, without the leading slash; NULL unless it is a
   systemd service's own group. */
static char *units_path(void)
{
  static char text[PATH_MAX];
  int file = open("/proc/self/cgroup", O_RDONLY | O_CLOEXEC);
  ssize_t length = file < 0 ? -1 : read(file, text, sizeof text - 1);
  if (file >= 0)
    close(file);
  text[length < 0 ? 0 : length] = 0;
  char *line = strncmp(text, "0::/", 4) == 0 ? text : strstr(text, "\n0::/");
  if (line == NULL)
    return NULL;
  char *path = strchr(line, '/') + 1;
  path[strcspn(path, "\n")] = 0;
  return ends_with(path, SERVICE_UNIT) ? path : NULL;
}

void cgroup_leave_unit(void)
{
  static const char groups[] = "/sys/fs/cgroup/cofferdam";
  if (units_path() == NULL)
    return;
  make_group(AT_FDCWD, groups); /* fails if it is there: no matter */
  int list = open(joined(groups, "/cgroup.procs", ""), O_WRONLY | O_NOFOLLOW | O_CLOEXEC);
  if (list < 0)
    return;
  (void)!write(list, "0", 1);
  close(list);
}

/* The group of this process's unit, if root alone may write it; else -1. In a group delegated to a
   user, that user's processes could move the daemon. */
static int open_unit(int anchor)
{
  const char *path = units_path();
  struct stat status;
  int hierarchy = openat(anchor, "../..", O_PATH | O_DIRECTORY | O_CLOEXEC);
  int unit = path == NULL ? -1 : openat(hierarchy, path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  close(hierarchy);
  if (unit >= 0 && (fstat(unit, &status) != 0 || status.st_uid != 0 ||
                    (status.st_mode & (S_IWGRP | S_IWOTH)) != 0)) {
    close(unit);
    return -1;
  }
  return unit;
}

/* Makes `cofferdam/DOMAIN.DIGEST/PID` in the unit's group: the same names as below the anchor
   (src/domains/cgroup-path.ts). */
static void place_in_unit(const char *path, struct cgroup *cgroup)
{
  int unit = open_unit(cgroup->anchor);
  const char *name = strrchr(path, '/') + 1, *help = "enable the unit again: cofferdam unit enable";
  if (unit < 0)
    return;
  int length = snprintf(cgroup->below, sizeof cgroup->below, "cofferdam/%s", name);
  if (length >= (int)(sizeof cgroup->below - sizeof cgroup->name))
    refuse("make a cgroup in the unit", name, ENAMETOOLONG, "give the domain a shorter name");
  need((make_group(unit, "cofferdam") == 0 || errno == EEXIST) &&
           (make_group(unit, cgroup->below) == 0 || errno == EEXIST),
       "make a cgroup in the unit", cgroup->below, help);
  snprintf(cgroup->below + length, sizeof cgroup->below - (size_t)length, "/%s", cgroup->name);
  need(make_child(unit, cgroup->below) == 0, "make a cgroup in the unit", cgroup->below, help);
  cgroup->unit = unit;
}

/* Attaches the domain's programs to the run's group in the unit, or has the agent do so: the kernel
   takes programs only from a process with capabilities in the first user namespace, and with
   PrivateUsers= a unit is in another one. */
static void attach_in_unit(const struct plan *plan, const char *path, int directory,
                           const struct cgroup *cgroup)
{
  if (activation_copy(plan, cgroup->anchor, directory))
    verify_all(plan, path, directory);
  else if (errno != EPERM || !agent_attaches(plan, strrchr(path, '/') + 1))
    refuse("attach the domain's programs in the unit", cgroup->below, errno,
           "it takes the agent, or CAP_BPF, CAP_NET_ADMIN and CAP_SYS_ADMIN: "
           "systemctl start cofferdam-agent; cofferdam unit enable");
}

static void enter(const struct plan *plan, const char *path, bool judged,
                  const struct cgroup *cgroup)
{
  bool in_unit = cgroup->unit >= 0;
  int directory = openat(in_unit ? cgroup->unit : cgroup->anchor,
                         in_unit ? cgroup->below : cgroup->name,
                         O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
  need(directory >= 0, "open the daemon's cgroup", path, NULL);
  if (judged && in_unit)
    attach_in_unit(plan, path, directory, cgroup);
  else if (judged)
    verify_all(plan, path, directory);
  int list = openat(directory, "cgroup.procs", O_WRONLY | O_NOFOLLOW | O_CLOEXEC);
  need(list >= 0 && write(list, "0", 1) == 1, "enter the daemon's cgroup", cgroup->name, NULL);
  close(list);
  close(directory);
}

bool cgroup_enter(const struct plan *plan, const struct sockets *escaping, bool in_unit,
                  struct cgroup *cgroup)
{
  bool asks = escaping->count > 0;
  if (!plan_has(plan, PLAN_CGROUP))
    return asks;
  const char *path = plan_string(plan, plan->head->cgroup_anchor);
  make_own(path, cgroup);
  if (asks && activation_hold(plan, escaping, cgroup))
    asks = false;
  if (asks) {
    unmake_own(cgroup);
    path = bare(path);
    make_own(path, cgroup);
  }
  if (in_unit)
    place_in_unit(path, cgroup);
  enter(plan, path, !asks, cgroup);
  return asks;
}

static void await_removal(int above, const char *name)
{
  const struct timespec interval = {.tv_nsec = REMOVE_INTERVAL_NS};
  while (unlinkat(above, name, AT_REMOVEDIR) != 0 && errno == EBUSY)
    nanosleep(&interval, NULL);
}

/* Called once the last process has left. systemd may have removed the group before. */
static void leave_unit(struct cgroup *cgroup)
{
  await_removal(cgroup->unit, cgroup->below);
  for (char *end; (end = strrchr(cgroup->below, '/')) != NULL;) {
    *end = 0;
    unlinkat(cgroup->unit, cgroup->below, AT_REMOVEDIR);
  }
}

void cgroup_remove(struct cgroup *cgroup)
{
  if (cgroup->anchor < 0)
    return;
  if (cgroup->unit >= 0)
    leave_unit(cgroup);
  await_removal(cgroup->anchor, cgroup->name);
  activation_release(cgroup);
}
