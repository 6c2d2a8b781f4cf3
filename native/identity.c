#include <grp.h>
#include <linux/capability.h>

#include "launcher.h"

/* Capabilities that a 64-bit set can hold. */
#define CAPABILITIES_MAX 64
#define BIT(number) (1ull << (number))
#define NEEDS_ROOT "start as root, or without `user`"

static ino_t ipc_namespace(const char *step)
{
  const char *link = "/proc/self/ns/ipc";
  struct stat status = {0};
  need(stat(link, &status) == 0, step, link, "mount /proc");
  return status.st_ino;
}

void identity_private_ipc(const struct plan *plan)
{
  if (!plan_has(plan, PLAN_PRIVATE_IPC))
    return;
  const char *step = "make a private IPC namespace";
  ino_t callers = ipc_namespace(step);
  need(unshare(CLONE_NEWIPC) == 0, step, NULL,
       "it takes CAP_SYS_ADMIN; without it do not grant `ipc`");
  if (ipc_namespace(step) == callers)
    refuse(step, NULL, 0, "a seccomp filter of the caller seems to interfere");
}

struct capability_sets capabilities_now(void)
{
  struct __user_cap_header_struct header = {_LINUX_CAPABILITY_VERSION_3, 0};
  struct __user_cap_data_struct data[_LINUX_CAPABILITY_U32S_3];
  need(syscall(SYS_capget, &header, data) == 0, "read the capabilities of the caller", NULL, NULL);
  return (struct capability_sets){
      (uint64_t)data[1].effective << 32 | data[0].effective,
      (uint64_t)data[1].permitted << 32 | data[0].permitted,
      (uint64_t)data[1].inheritable << 32 | data[0].inheritable,
  };
}

static void need_capability(bool good, const char *step, int number, const char *help)
{
  char object[32];
  snprintf(object, sizeof object, "capability %d", number);
  need(good, step, object, help);
}

/* Drops what can be dropped; verify_bounding_set() checks the rest. Returns the errno of the last
   failure. */
static int limit_bounding_set(const struct plan *plan)
{
  int error = EPERM; /* the error if a filter of the caller's pretends that it was done */
  for (int number = 0; number < CAPABILITIES_MAX; number++) {
    bool keeps = (plan->head->bounding & BIT(number)) != 0;
    if (!keeps && prctl(PR_CAPBSET_DROP, number, 0, 0, 0) != 0 && errno != EINVAL)
      error = errno;
  }
  return error;
}

static bool groups_are(const struct plan *plan)
{
  const int count = (int)plan->section[SECTION_GROUPS].count;
  gid_t *groups = calloc((size_t)count + 1, sizeof *groups);
  bool same = groups != NULL && getgroups(count + 1, groups) == count &&
              memcmp(groups, plan->section[SECTION_GROUPS].at, (size_t)count * sizeof *groups) == 0;
  free(groups);
  return same;
}

static void change_user(const struct plan *plan)
{
  const struct plan_groups *groups = plan_records(plan, SECTION_GROUPS, plan_groups);
  _Static_assert(sizeof *groups == sizeof(gid_t), "groups are passed as they are");
  const gid_t gid = plan->head->gid;
  const uid_t uid = plan->head->uid;
  need(prctl(PR_SET_KEEPCAPS, 1, 0, 0, 0) == 0, "keep capabilities over the change of user",
       NULL, NULL);
  /* A user namespace may forbid setgroups(2), as that of a unit with PrivateUsers= does, for which
     systemd has set the groups already. */
  need(setgroups(plan->section[SECTION_GROUPS].count, &groups->gid) == 0 ||
           (errno == EPERM && groups_are(plan)),
       "set the supplementary groups", NULL, NEEDS_ROOT);
  need(setresgid(gid, gid, gid) == 0, "change the group", NULL, NEEDS_ROOT);
  need(setresuid(uid, uid, uid) == 0, "change the user", NULL, NEEDS_ROOT);
}

static void set_capabilities(uint64_t permitted, uint64_t inheritable)
{
  struct __user_cap_header_struct header = {_LINUX_CAPABILITY_VERSION_3, 0};
  struct __user_cap_data_struct data[_LINUX_CAPABILITY_U32S_3] = {
      {(uint32_t)permitted, (uint32_t)permitted, (uint32_t)inheritable},
      {(uint32_t)(permitted >> 32), (uint32_t)(permitted >> 32), (uint32_t)(inheritable >> 32)},
  };
  need(syscall(SYS_capset, &header, data) == 0, "limit the capabilities", NULL,
       "the caller lacks a capability that the policy grants");
}

void identity_limit(uint64_t capabilities)
{
  const struct capability_sets before = capabilities_now();
  for (int number = 0; number < CAPABILITIES_MAX; number++)
    if ((capabilities & BIT(number)) == 0 && prctl(PR_CAPBSET_READ, number, 0, 0, 0) > 0)
      need_capability(prctl(PR_CAPBSET_DROP, number, 0, 0, 0) == 0,
                      "take a capability from the bounding set", number, "it takes CAP_SETPCAP");
  set_capabilities(before.permitted & capabilities, before.inheritable & capabilities);
}

static uint64_t limit_capabilities(const struct plan *plan, const struct capability_sets *before)
{
  const struct plan_head *head = plan->head;
  bool leaves_root = plan_has(plan, PLAN_USER) && head->uid != 0;
  uint64_t bounded = before->inheritable & head->bounding;
  uint64_t permitted = leaves_root ? head->ambient : before->permitted & head->bounding;
  uint64_t inheritable = leaves_root ? head->ambient : bounded | head->ambient;
  /* Without no_new_privs, Landlock and seccomp need CAP_SYS_ADMIN. The execve drops it. */
  if (!plan_has(plan, PLAN_NO_NEW_PRIVILEGES))
    permitted |= before->permitted & BIT(CAP_SYS_ADMIN);
  need(!leaves_root || prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_CLEAR_ALL, 0, 0, 0) == 0,
       "clear the ambient capabilities", NULL, NULL);
  set_capabilities(permitted, inheritable);
  for (int number = 0; number < CAPABILITIES_MAX; number++)
    if ((head->ambient & BIT(number)) != 0)
      need_capability(prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_RAISE, number, 0, 0) == 0,
                      "give the daemon an ambient capability", number, "the caller lacks it");
  return permitted;
}

static bool user_is(const struct plan *plan)
{
  const struct plan_head *head = plan->head;
  uid_t real, effective, saved;
  gid_t group, effective_group, saved_group;
  if (getresuid(&real, &effective, &saved) != 0 ||
      getresgid(&group, &effective_group, &saved_group) != 0)
    return false;
  bool same_user = real == head->uid && effective == head->uid && saved == head->uid;
  bool same_group =
      group == head->gid && effective_group == head->gid && saved_group == head->gid;
  return groups_are(plan) && same_user && same_group;
}

/* Asks the kernel again: a filter of the caller's can pretend that a change was made, and no later
   step could make it. */
static void verify(const struct plan *plan, uint64_t permitted)
{
  const char *step = "verify the daemon's identity";
  const char *help = "a seccomp filter of the caller seems to interfere";
  errno = EPERM;
  need(!plan_has(plan, PLAN_USER) || user_is(plan), step, "user and groups", help);
  need((capabilities_now().permitted & ~permitted) == 0, step, "capabilities", help);
  need(!plan_has(plan, PLAN_NO_NEW_PRIVILEGES) || prctl(PR_GET_NO_NEW_PRIVS, 0, 0, 0, 0) == 1,
       step, "no_new_privs", help);
}

/* Not called for a process that has no capability and can gain none by execve: what is left in its
   bounding set is harmless. */
static void verify_bounding_set(const struct plan *plan, int error)
{
  int held = 0;
  for (int number = 0; number < CAPABILITIES_MAX && held >= 0; number++) {
    held = prctl(PR_CAPBSET_READ, number, 0, 0, 0); /* -1 beyond the kernel's last capability */
    errno = error;
    need_capability(held <= 0 || (plan->head->bounding & BIT(number)) != 0,
                    "take a capability from the bounding set", number, "it takes CAP_SETPCAP");
  }
}

void identity_assume(const struct plan *plan)
{
  const struct capability_sets before = capabilities_now();
  int error = limit_bounding_set(plan);
  if (plan_has(plan, PLAN_USER))
    change_user(plan);
  uint64_t permitted = limit_capabilities(plan, &before);
  need(prctl(PR_SET_KEEPCAPS, 0, 0, 0, 0) == 0, "stop keeping capabilities over a change of user",
       NULL, NULL);
  need(!plan_has(plan, PLAN_NO_NEW_PRIVILEGES) || prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) == 0,
       "set no_new_privs", NULL, NULL);
  verify(plan, permitted);
  if (before.permitted != 0 || !plan_has(plan, PLAN_NO_NEW_PRIVILEGES))
    verify_bounding_set(plan, error);
}
