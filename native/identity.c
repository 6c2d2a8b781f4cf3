#include "identity.h"

#include <errno.h>
#include <grp.h>
#include <linux/capability.h>
#include <sched.h>
#include <stdio.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "facts.h"
#include "report.h"

/* Numbers of capabilities that a 64-bit set can hold. */
#define CAPABILITIES_MAX 64
#define BIT(number) (1ull << (number))

void identity_private_ipc(const struct plan *plan)
{
  if (plan_has(plan, PLAN_PRIVATE_IPC) && unshare(CLONE_NEWIPC) != 0)
    refuse("make a private IPC namespace", NULL, errno, "it takes CAP_SYS_ADMIN; without it do not grant `ipc`");
}

static void refuse_capability(const char *step, int number, const char *help)
{
  char object[32];
  int error = errno;
  snprintf(object, sizeof object, "capability %d", number);
  refuse(step, object, error, help);
}

/* Without CAP_SETPCAP the set stays; that is harmless only for who has no capability and can gain none by execve. */
static void limit_bounding_set(const struct plan *plan, const struct capability_sets *now)
{
  for (int number = 0; number < CAPABILITIES_MAX; number++) {
    int held = prctl(PR_CAPBSET_READ, number, 0, 0, 0);
    if (held < 0)
      return; /* EINVAL: the kernel has no more */
    if (held == 0 || (plan->head->bounding & BIT(number)) != 0)
      continue;
    if (prctl(PR_CAPBSET_DROP, number, 0, 0, 0) == 0)
      continue;
    if (errno == EPERM && now->permitted == 0 && plan_has(plan, PLAN_NO_NEW_PRIVILEGES))
      return;
    refuse_capability("take a capability from the bounding set", number, "it takes CAP_SETPCAP");
  }
}

static void change_user(const struct plan *plan)
{
  if (!plan_has(plan, PLAN_USER))
    return;
  if (prctl(PR_SET_KEEPCAPS, 1, 0, 0, 0) != 0)
    refuse("keep capabilities over the change of user", NULL, errno, NULL);
  const struct plan_groups *groups = plan_records(plan, SECTION_GROUPS, plan_groups);
  _Static_assert(sizeof *groups == sizeof(gid_t), "groups are passed as they are");
  const gid_t gid = plan->head->gid;
  const uid_t uid = plan->head->uid;
  if (setgroups(plan->section[SECTION_GROUPS].count, &groups->gid) != 0)
    refuse("set the supplementary groups", NULL, errno, "it takes CAP_SETGID; start as root, or without `user`");
  if (setresgid(gid, gid, gid) != 0)
    refuse("change the group", NULL, errno, "it takes CAP_SETGID; start as root, or without `user`");
  if (setresuid(uid, uid, uid) != 0)
    refuse("change the user", NULL, errno, "it takes CAP_SETUID; start as root, or without `user`");
}

static void set_capabilities(uint64_t permitted, uint64_t inheritable)
{
  struct __user_cap_header_struct header = {_LINUX_CAPABILITY_VERSION_3, 0};
  struct __user_cap_data_struct data[_LINUX_CAPABILITY_U32S_3] = {
      {(uint32_t)permitted, (uint32_t)permitted, (uint32_t)inheritable},
      {(uint32_t)(permitted >> 32), (uint32_t)(permitted >> 32), (uint32_t)(inheritable >> 32)},
  };
  if (syscall(SYS_capset, &header, data) != 0)
    refuse("limit the capabilities", NULL, errno, "the caller lacks a capability that the policy grants");
}

static void limit_capabilities(const struct plan *plan, const struct capability_sets *now)
{
  const struct plan_head *head = plan->head;
  bool leaves_root = plan_has(plan, PLAN_USER) && head->uid != 0;
  uint64_t permitted = leaves_root ? head->ambient : now->permitted & head->bounding;
  uint64_t inheritable = leaves_root ? head->ambient : (now->inheritable & head->bounding) | head->ambient;
  /* Landlock and seccomp ask for it where no_new_privs is not set; execve takes it away. */
  if (!plan_has(plan, PLAN_NO_NEW_PRIVILEGES))
    permitted |= now->permitted & BIT(CAP_SYS_ADMIN);
  if (leaves_root && prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_CLEAR_ALL, 0, 0, 0) != 0)
    refuse("clear the ambient capabilities", NULL, errno, NULL);
  set_capabilities(permitted, inheritable);
  for (int number = 0; number < CAPABILITIES_MAX; number++)
    if ((head->ambient & BIT(number)) != 0 && prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_RAISE, number, 0, 0) != 0)
      refuse_capability("give the daemon an ambient capability", number, "the caller lacks it");
}

void identity_assume(const struct plan *plan)
{
  const struct capability_sets before = capabilities_now();
  limit_bounding_set(plan, &before);
  change_user(plan);
  limit_capabilities(plan, &before);
  if (plan_has(plan, PLAN_NO_NEW_PRIVILEGES) && prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0)
    refuse("set no_new_privs", NULL, errno, NULL);
}
