#include "cgroup.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/bpf.h>
#include <linux/magic.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/vfs.h>
#include <time.h>
#include <unistd.h>

#include "report.h"

/* Programs of one attach type that can hold at one cgroup, ancestors' included: BPF_CGROUP_MAX_PROGS a level. */
#define PROGRAMS_MAX 256
/* Between two attempts to remove a cgroup that still has a process. */
#define REMOVE_INTERVAL_NS 100000000l

static long bpf(int command, union bpf_attr *attributes)
{
  return syscall(SYS_bpf, command, attributes, sizeof *attributes);
}

static bool has_tag(uint32_t id, const uint8_t *tag)
{
  union bpf_attr attributes = {.prog_id = id};
  int program = (int)bpf(BPF_PROG_GET_FD_BY_ID, &attributes);
  if (program < 0)
    return false;
  struct bpf_prog_info info = {0};
  union bpf_attr query = {.info = {.bpf_fd = (uint32_t)program, .info_len = sizeof info, .info = (uintptr_t)&info}};
  bool same = bpf(BPF_OBJ_GET_INFO_BY_FD, &query) == 0 && memcmp(info.tag, tag, sizeof info.tag) == 0;
  close(program);
  return same;
}

static void verify(const struct plan *plan, const struct cgroup *cgroup, const struct plan_cgroup_programs *program)
{
  uint32_t ids[PROGRAMS_MAX];
  char object[48];
  snprintf(object, sizeof object, "attach type %u of the domain's cgroup", (unsigned)program->attach_type);
  union bpf_attr attributes = {
      .query = {.target_fd = (uint32_t)cgroup->directory,
                .attach_type = (uint32_t)program->attach_type,
                .query_flags = BPF_F_QUERY_EFFECTIVE,
                .prog_ids = (uintptr_t)ids,
                .prog_cnt = PROGRAMS_MAX},
  };
  if (bpf(BPF_PROG_QUERY, &attributes) != 0)
    refuse("ask for the cgroup's programs", object, errno, "it takes CAP_BPF and CAP_NET_ADMIN, or root");
  for (uint32_t i = 0; i < attributes.query.prog_cnt; i++)
    if (has_tag(ids[i], program->tag))
      return;
  refuse("find the domain's program at its cgroup", plan_string(plan, plan->head->cgroup_anchor), 0,
         "remove that cgroup; the next start compiles the plan and makes it again");
}

static int make_child(const struct cgroup *cgroup)
{
  if (mkdirat(cgroup->anchor, cgroup->name, 0755) == 0)
    return 0;
  /* An empty one is what a daemon of the same process id left behind when its holder was killed. */
  if (errno != EEXIST || unlinkat(cgroup->anchor, cgroup->name, AT_REMOVEDIR) != 0)
    return -1;
  return mkdirat(cgroup->anchor, cgroup->name, 0755);
}

static void make(const struct plan *plan, struct cgroup *cgroup)
{
  const char *anchor = plan_string(plan, plan->head->cgroup_anchor);
  struct statfs system;
  snprintf(cgroup->name, sizeof cgroup->name, "%d", getpid());
  cgroup->anchor = open(anchor, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
  if (cgroup->anchor < 0)
    refuse("open the domain's cgroup", anchor, errno, "start again: the compiler makes it");
  if (fstatfs(cgroup->anchor, &system) != 0 || system.f_type != CGROUP2_SUPER_MAGIC)
    refuse("open the domain's cgroup", anchor, 0, "it does not lie in a cgroup v2 hierarchy");
  if (make_child(cgroup) != 0)
    refuse("make a cgroup for the daemon", anchor, errno, "another process lives under this daemon's id there");
  cgroup->directory = openat(cgroup->anchor, cgroup->name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
  if (cgroup->directory < 0)
    refuse("open the daemon's cgroup", anchor, errno, NULL);
}

void cgroup_enter(const struct plan *plan, struct cgroup *cgroup)
{
  if (!plan_has(plan, PLAN_CGROUP))
    return;
  make(plan, cgroup);
  for (size_t i = 0; i < plan->section[SECTION_CGROUP_PROGRAMS].count; i++)
    verify(plan, cgroup, &plan_records(plan, SECTION_CGROUP_PROGRAMS, plan_cgroup_programs)[i]);
  int list = openat(cgroup->directory, "cgroup.procs", O_WRONLY | O_NOFOLLOW | O_CLOEXEC);
  if (list < 0 || write(list, "0", 1) != 1)
    refuse("enter the daemon's cgroup", cgroup->name, errno, NULL);
  close(list);
}

void cgroup_remove(const struct cgroup *cgroup)
{
  const struct timespec interval = {.tv_nsec = REMOVE_INTERVAL_NS};
  if (cgroup->anchor < 0)
    return;
  while (unlinkat(cgroup->anchor, cgroup->name, AT_REMOVEDIR) != 0 && errno == EBUSY)
    nanosleep(&interval, NULL);
}
