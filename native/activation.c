/* A run may inherit internet sockets that systemd made for a socket unit, in that unit's own
   control group. They are judged by the programs of that group, so the launcher attaches the
   domain's programs there, too. They stay until the holder of the last run below the anchor
   detaches them, so a holder's death frees no socket. What a killed holder leaves behind is found
   by the agent (src/compile/cgroup/elsewhere.ts). Launcher, holder and agent do this under the lock
   of CGROUP2/cofferdam, and a launcher makes its group below the anchor before it attaches. */
#include <limits.h>
#include <linux/bpf.h>
#include <linux/inet_diag.h>
#include <linux/netlink.h>
#include <linux/sock_diag.h>
#include <netinet/in.h>
#include <sys/file.h>

#include "launcher.h"

#define ANSWERS_BYTES 32768
/* Limit on the programs of one hook at one control group: BPF_CGROUP_MAX_PROGS
   (kernel/bpf/cgroup.c). */
#define ATTACHED_MAX 64
/* Link count of a kernfs directory without subdirectories. */
#define NO_CHILDREN 2
/* Hooks by which a socket that was made elsewhere is judged. */
#define JUDGED_HOOKS 9
#define LOCK_INTERVAL_NS 20000000l
/* Ten seconds. */
#define LOCK_TRIES_MAX 500
/* include/linux/exportfs.h: the handle of a kernfs object is its 64-bit id, which is the id of a
   control group. */
#define FILEID_KERNFS 0xfe
#define SOCKET_UNIT ".socket"
/* Attempts to attach what the anchor has, while the agent may replace it. */
#define COPY_TRIES_MAX 8

union diag_request {
  struct {
    struct nlmsghdr header;
    struct inet_diag_req_v2 wanted;
  };
  char bytes[NLMSG_SPACE(sizeof(struct inet_diag_req_v2))];
};

/* The control group that the kernel's answer names for the socket with this cookie; 0 if none. */
static uint64_t group_in(const struct nlmsghdr *answer, uint64_t cookie)
{
  const struct inet_diag_msg *socket = NLMSG_DATA(answer);
  uint64_t its = 0;
  if (answer->nlmsg_len >= NLMSG_LENGTH(sizeof *socket))
    memcpy(&its, socket->id.idiag_cookie, sizeof its);
  if (its == 0 || its != cookie)
    return 0;
  const char *at = (const char *)socket + NLMSG_ALIGN(sizeof *socket);
  const char *end = (const char *)answer + answer->nlmsg_len;
  while (at + NLA_HDRLEN <= end) {
    const struct nlattr *one = (const void *)at;
    uint64_t group;
    if (one->nla_len < NLA_HDRLEN || at + one->nla_len > end)
      return 0;
    if (one->nla_type == INET_DIAG_CGROUP_ID && one->nla_len == NLA_HDRLEN + sizeof group)
      return memcpy(&group, at + NLA_HDRLEN, sizeof group), group;
    at += NLA_ALIGN(one->nla_len);
  }
  return 0;
}

/* The id of the control group in which a socket of this network namespace was made, by
   sock_diag(7); 0 if the kernel does not tell. */
static uint64_t group_listed(int netlink, int family, int protocol, uint64_t cookie)
{
  static char answers[ANSWERS_BYTES] __attribute__((aligned(NLMSG_ALIGNTO)));
  union diag_request request = {.header = {.nlmsg_len = NLMSG_LENGTH(sizeof request.wanted),
                                           .nlmsg_type = SOCK_DIAG_BY_FAMILY,
                                           .nlmsg_flags = NLM_F_REQUEST | NLM_F_DUMP},
                                .wanted = {.sdiag_family = (uint8_t)family,
                                           .sdiag_protocol = (uint8_t)protocol,
                                           .idiag_states = ~0u}};
  uint64_t group = 0;
  if (send(netlink, &request, request.header.nlmsg_len, 0) < 0)
    return 0;
  for (;;) {
    ssize_t got = recv(netlink, answers, sizeof answers, 0);
    if (got <= 0)
      return 0;
    for (const struct nlmsghdr *one = (const void *)answers; NLMSG_OK(one, got);
         one = NLMSG_NEXT(one, got)) {
      if (one->nlmsg_type == NLMSG_DONE || one->nlmsg_type == NLMSG_ERROR)
        return group;
      if (group == 0)
        group = group_in(one, cookie);
    }
  }
}

/* The control group of an internet socket that programs can judge; 0 for any other. The kernel does
   not list a socket that is bound to no port. */
static uint64_t birthplace(int netlink, int descriptor)
{
  int family = socket_option(descriptor, SO_DOMAIN), type = socket_option(descriptor, SO_TYPE);
  int protocol = socket_option(descriptor, SO_PROTOCOL);
  bool is_judged = (type == SOCK_STREAM && protocol == IPPROTO_TCP) ||
                   (type == SOCK_DGRAM && protocol == IPPROTO_UDP);
  uint64_t cookie = 0;
  socklen_t length = sizeof cookie;
  if ((family != AF_INET && family != AF_INET6) || !is_judged ||
      getsockopt(descriptor, SOL_SOCKET, SO_COOKIE, &cookie, &length) != 0)
    return 0;
  return group_listed(netlink, family, protocol, cookie);
}

/* Opens a group by its id, which no process can choose; -1 if it is gone. `hierarchy`: an open
   directory of the hierarchy. */
static int open_group(int hierarchy, uint64_t group)
{
  union {
    struct file_handle handle;
    char bytes[sizeof(struct file_handle) + sizeof group];
  } its = {.handle = {.handle_bytes = sizeof group, .handle_type = FILEID_KERNFS}};
  memcpy(its.handle.f_handle, &group, sizeof group);
  return open_by_handle_at(hierarchy, &its.handle, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
}

/* Whether a process is in the group or below it. True also if that cannot be read. */
static bool is_populated(int group)
{
  char text[256] = "";
  int events = openat(group, "cgroup.events", O_RDONLY | O_NOFOLLOW | O_CLOEXEC);
  ssize_t length = events < 0 ? -1 : read(events, text, sizeof text - 1);
  if (events >= 0)
    close(events);
  return length <= 0 || strstr(text, "populated 0\n") == NULL;
}

/* Whether the group is a socket unit's own: it belongs to root and contains no process and no
   group. Programs attached there affect only sockets that were made for that unit. */
static bool is_units_own(int group)
{
  char link[32], path[PATH_MAX] = "";
  struct stat status;
  snprintf(link, sizeof link, "/proc/self/fd/%d", group);
  return readlink(link, path, sizeof path - 1) > 0 && ends_with(path, SOCKET_UNIT) &&
         fstat(group, &status) == 0 && status.st_uid == 0 &&
         (status.st_mode & (S_IWGRP | S_IWOTH)) == 0 && status.st_nlink == NO_CHILDREN &&
         !is_populated(group);
}

/* --- programs: those of one anchor share maps that no other program has (src/compile/cgroup)
   --- */

/* Reads the ids of a program's maps; returns their number. */
static int maps_of(uint32_t id, uint32_t *maps)
{
  struct bpf_prog_info info = {.nr_map_ids = CGROUP_MAPS_MAX, .map_ids = (uintptr_t)maps};
  if (!program_info(id, &info))
    return 0;
  return info.nr_map_ids < CGROUP_MAPS_MAX ? (int)info.nr_map_ids : CGROUP_MAPS_MAX;
}

static bool is_own(uint32_t id, const struct cgroup *cgroup)
{
  uint32_t maps[CGROUP_MAPS_MAX];
  int count = maps_of(id, maps);
  for (int i = 0; i < count; i++)
    for (int own = 0; own < cgroup->map_count; own++)
      if (maps[i] == cgroup->maps[own])
        return true;
  return false;
}

/* The programs attached to this very group on one hook; -1 if they cannot be read. */
static int attached(int group, uint32_t hook, uint32_t *ids)
{
  return programs_attached(group, hook, 0, ids, ATTACHED_MAX);
}

/* Attaches a program without replacing others, or detaches it. */
static bool change(int command, int group, uint32_t hook, uint32_t id)
{
  int program = program_open(id);
  if (program < 0)
    return false;
  union bpf_attr wanted = {.target_fd = (uint32_t)group,
                           .attach_bpf_fd = (uint32_t)program,
                           .attach_type = hook,
                           .attach_flags = command == BPF_PROG_ATTACH ? BPF_F_ALLOW_MULTI : 0};
  bool done = bpf_call(command, &wanted) == 0;
  close(program);
  return done;
}

static uint32_t own_program(int anchor, const struct plan_cgroup_programs *program)
{
  uint32_t ids[ATTACHED_MAX];
  return program_with_tag(ids, attached(anchor, program->attach_type, ids), program->tag);
}

/* For unix sockets the kernel does not tell where they were made, so their hooks are left out. */
static const uint32_t judged_hooks[JUDGED_HOOKS] = {
    BPF_CGROUP_INET4_CONNECT, BPF_CGROUP_INET6_CONNECT, BPF_CGROUP_UDP4_SENDMSG,
    BPF_CGROUP_UDP6_SENDMSG,  BPF_CGROUP_UDP4_RECVMSG,  BPF_CGROUP_UDP6_RECVMSG,
    BPF_CGROUP_INET_EGRESS,   BPF_CGROUP_INET4_BIND,    BPF_CGROUP_INET6_BIND};

static bool judges_addresses(uint32_t hook)
{
  for (size_t i = 0; i < JUDGED_HOOKS; i++)
    if (judged_hooks[i] == hook)
      return true;
  return false;
}

/* --- holding one group --- */

enum found { NOTHING, OWN_ALONE, OTHERS };

/* OTHERS includes another domain's program and an older one of this domain: all programs of a hook
   must agree for a call to succeed. */
static enum found look(int group, uint32_t hook, uint32_t own)
{
  uint32_t ids[ATTACHED_MAX];
  int count = attached(group, hook, ids);
  if (count == 0)
    return NOTHING;
  return count == 1 && ids[0] == own ? OWN_ALONE : OTHERS;
}

/* Attaches the anchor's program to the group if its hook has none. Returns whether it is then the
   only one there. The agent replaces a program at the anchor first and elsewhere later. So the
   anchor is read again at the end: if it still has this program, the agent will find it here. */
static bool hold_hook(int anchor, int group, const struct plan_cgroup_programs *program)
{
  uint32_t own = own_program(anchor, program), hook = program->attach_type;
  if (own != 0 && look(group, hook, own) == NOTHING)
    change(BPF_PROG_ATTACH, group, hook, own);
  return own != 0 && look(group, hook, own) == OWN_ALONE && own_program(anchor, program) == own;
}

/* If the hook has an older program of the anchor's, the agent has replaced that program
   meanwhile. */
static bool copy_hook(int anchor, int group, const struct plan_cgroup_programs *program)
{
  const uint32_t hook = program->attach_type;
  for (int tries = 0; tries < COPY_TRIES_MAX; tries++) {
    uint32_t own = own_program(anchor, program), before = own_program(group, program);
    if (own != 0 && own == before)
      return true;
    if (before != 0)
      change(BPF_PROG_DETACH, group, hook, before);
    if (own == 0 || !change(BPF_PROG_ATTACH, group, hook, own))
      return false;
  }
  return false;
}

bool activation_copy(const struct plan *plan, int anchor, int group)
{
  const struct plan_cgroup_programs *programs =
      plan_records(plan, SECTION_CGROUP_PROGRAMS, plan_cgroup_programs);
  for (size_t i = 0; i < plan->section[SECTION_CGROUP_PROGRAMS].count; i++)
    if (!copy_hook(anchor, group, &programs[i]))
      return false;
  return true;
}

static bool hold_group(const struct plan *plan, int anchor, uint64_t number)
{
  const struct plan_cgroup_programs *programs =
      plan_records(plan, SECTION_CGROUP_PROGRAMS, plan_cgroup_programs);
  int group = open_group(anchor, number);
  bool held = group >= 0 && is_units_own(group);
  for (size_t i = 0; held && i < plan->section[SECTION_CGROUP_PROGRAMS].count; i++)
    if (judges_addresses(programs[i].attach_type))
      held = hold_hook(anchor, group, &programs[i]);
  /* A process that entered meanwhile would make its sockets under these programs. */
  held = held && is_units_own(group);
  if (group >= 0)
    close(group);
  return held;
}

static void let_go(const struct cgroup *cgroup, uint64_t number)
{
  uint32_t ids[ATTACHED_MAX];
  int group = open_group(cgroup->anchor, number);
  for (size_t hook = 0; group >= 0 && hook < JUDGED_HOOKS; hook++) {
    int count = attached(group, judged_hooks[hook], ids);
    for (int i = 0; i < count; i++)
      if (is_own(ids[i], cgroup))
        change(BPF_PROG_DETACH, group, judged_hooks[hook], ids[i]);
  }
  if (group >= 0)
    close(group);
}

/* --- the run --- */

static bool birthplaces(const struct sockets *sockets, struct cgroup *cgroup)
{
  int netlink = socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_SOCK_DIAG);
  bool known = netlink >= 0 && sockets->count <= SOCKETS_MAX;
  cgroup->elsewhere_count = 0;
  for (size_t i = 0; known && i < sockets->count; i++) {
    uint64_t group = birthplace(netlink, sockets->descriptors[i]);
    int at = 0;
    while (at < cgroup->elsewhere_count && cgroup->elsewhere[at] != group)
      at++;
    known = group != 0 && at < CGROUP_ELSEWHERE_MAX;
    if (known && at == cgroup->elsewhere_count)
      cgroup->elsewhere[cgroup->elsewhere_count++] = group;
  }
  if (netlink >= 0)
    close(netlink);
  return known;
}

/* Opens CGROUP2/cofferdam, locked until it is closed; -1 if another process keeps the lock. */
static int lock_anchors(int anchor)
{
  const struct timespec interval = {.tv_nsec = LOCK_INTERVAL_NS};
  int root = openat(anchor, "..", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  for (int tries = 0; root >= 0 && flock(root, LOCK_EX | LOCK_NB) != 0; tries++) {
    if (tries == LOCK_TRIES_MAX)
      return close(root), -1;
    nanosleep(&interval, NULL);
  }
  return root;
}

/* Detaches all programs; the lock must be held. If another run of the same anchor still relies on
   them, its holder or the agent detaches them later. `own_runs`: 1 while this run's group
   exists. */
static void let_go_of_all(struct cgroup *cgroup, int own_runs)
{
  struct stat status = {0};
  if (fstat(cgroup->anchor, &status) != 0 || (int)status.st_nlink > NO_CHILDREN + own_runs)
    return;
  for (int i = 0; i < cgroup->elsewhere_count; i++)
    let_go(cgroup, cgroup->elsewhere[i]);
}

bool activation_hold(const struct plan *plan, const struct sockets *sockets, struct cgroup *cgroup)
{
  const struct plan_cgroup_programs *programs =
      plan_records(plan, SECTION_CGROUP_PROGRAMS, plan_cgroup_programs);
  if (plan->section[SECTION_CGROUP_PROGRAMS].count == 0)
    return false;
  bool held = birthplaces(sockets, cgroup);
  int root = lock_anchors(cgroup->anchor);
  held = held && root >= 0;
  cgroup->map_count = maps_of(own_program(cgroup->anchor, programs), cgroup->maps);
  for (int i = 0; held && i < cgroup->elsewhere_count; i++)
    held = cgroup->map_count > 0 && hold_group(plan, cgroup->anchor, cgroup->elsewhere[i]);
  if (!held && root >= 0)
    let_go_of_all(cgroup, 1);
  if (root >= 0)
    close(root);
  return held;
}

void activation_release(struct cgroup *cgroup)
{
  int root = cgroup->elsewhere_count > 0 ? lock_anchors(cgroup->anchor) : -1;
  if (root >= 0)
    let_go_of_all(cgroup, 0);
}
