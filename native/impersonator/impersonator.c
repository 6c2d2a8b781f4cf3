/* impersonator: a process that becomes one of a mediator's targets in full, makes calls for it, and
   exits. The mediator itself takes only effective and file-system ids, because a target may signal
   a process with its own real or saved id. A target may signal the impersonator; that costs only
   the one call. The impersonator knows no policy.

   The mediator writes the request into memory (REQUEST). The answer on REPLY is a struct reply,
   with the descriptor that the call made if the request asks for it. A byte that arrives there, or
   the closing of the other end, interrupts a call that waits. */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <linux/capability.h>
#include <linux/securebits.h>
#include <signal.h>
#include <stdbool.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>

#include "raw.h"
#include "request.h"

/* The kernel's NGROUPS_MAX. */
#define GROUPS_MAX 65536

static bool take_capabilities(uint64_t permitted, uint64_t effective)
{
  struct __user_cap_header_struct header = {.version = _LINUX_CAPABILITY_VERSION_3};
  struct __user_cap_data_struct sets[2] = {
    {.permitted = (uint32_t)permitted, .effective = (uint32_t)effective},
    {.permitted = (uint32_t)(permitted >> 32), .effective = (uint32_t)(effective >> 32)},
  };
  return RAW(SYS_capset, &header, sets) == 0;
}

static bool has_capabilities(uint64_t permitted)
{
  struct __user_cap_header_struct header = {.version = _LINUX_CAPABILITY_VERSION_3};
  struct __user_cap_data_struct sets[2];
  if (RAW(SYS_capget, &header, sets) < 0)
    return false;
  return (sets[0].permitted | (uint64_t)sets[1].permitted << 32) == permitted;
}

/* A seccomp filter that the mediator inherited could pretend that ids were set, so the kernel is
   asked. */
static bool has_ids(const struct request *as, const uint8_t *base)
{
  static uint32_t groups[GROUPS_MAX];
  uint32_t uid[4], gid[4];
  RAW(SYS_getresuid, &uid[0], &uid[1], &uid[2]);
  RAW(SYS_getresgid, &gid[0], &gid[1], &gid[2]);
  uid[3] = (uint32_t)RAW(SYS_setfsuid, -1);
  gid[3] = (uint32_t)RAW(SYS_setfsgid, -1);
  return equal(uid, as->uid, sizeof uid) && equal(gid, as->gid, sizeof gid) &&
         RAW(SYS_getgroups, GROUPS_MAX, groups) == as->group_count &&
         equal(groups, base + as->groups, as->group_count * sizeof *groups);
}

static void drop_bounding_set(void)
{
  for (int capability = 0; RAW(SYS_prctl, PR_CAPBSET_READ, capability) >= 0; capability++)
    RAW(SYS_prctl, PR_CAPBSET_DROP, capability);
}

/* The limit never exceeds the mediator's own, which at worst refuses more. */
static bool limit_descriptors(uint64_t most)
{
  struct { uint64_t now, most; } limit;
  if (most == DESCRIPTORS_AS_THEY_ARE)
    return true;
  if (RAW(SYS_getrlimit, RLIMIT_NOFILE, &limit) < 0)
    return false;
  limit.now = most < limit.most ? most : limit.most;
  return RAW(SYS_setrlimit, RLIMIT_NOFILE, &limit) == 0;
}

/* Takes the target's identity. A step may fail for lack of privilege where nothing needs to change;
   the checks at the end tell whether everything is right. Nothing is executed here, so the sets
   that count at execve stay empty. In a session of its own this process cannot continue the
   mediator (SIGCONT within a session takes no permission). */
static bool become(const struct request *as, const uint8_t *base)
{
  RAW(SYS_setsid, 0);
  RAW(SYS_prctl, PR_SET_SECUREBITS, SECBIT_NO_SETUID_FIXUP | SECBIT_NO_SETUID_FIXUP_LOCKED);
  drop_bounding_set();
  RAW(SYS_setgroups, as->group_count, base + as->groups);
  RAW(SYS_setresgid, as->gid[0], as->gid[1], as->gid[2]);
  RAW(SYS_setresuid, as->uid[0], as->uid[1], as->uid[2]);
  RAW(SYS_setfsgid, as->gid[3]);
  RAW(SYS_setfsuid, as->uid[3]);
  return RAW(SYS_prctl, PR_SET_NO_NEW_PRIVS, 1) == 0 && take_capabilities(as->permitted, 0) &&
         RAW(SYS_prctl, PR_SET_DUMPABLE, 0) == 0 && limit_descriptors(as->descriptors) &&
         has_ids(as, base) && has_capabilities(as->permitted);
}

static void interrupted(int number)
{
  (void)number;
}

__asm__("returned:\n  mov $15, %eax\n  syscall\n");
void returned(void);

/* As rt_sigaction(2) takes it; the C library hides it. */
#define SA_RESTORER 0x04000000
struct kernel_sigaction {
  void (*handler)(int);
  uint64_t flags;
  void (*restorer)(void);
  uint64_t mask;
};

/* Sets the parent-death signal and the owner of REPLY's signals. This follows the change of ids:
   the kernel then clears the former, and keeps the setter's ids with the latter. */
static bool stay_tied(uint32_t parent)
{
  const struct kernel_sigaction action = {interrupted, SA_RESTORER, returned, 0};
  const uint64_t told = 1ull << (SIGIO - 1);
  return RAW(SYS_prctl, PR_SET_PDEATHSIG, SIGKILL) == 0 && RAW(SYS_getppid, 0) == parent &&
         RAW(SYS_rt_sigaction, SIGIO, &action, 0, sizeof told) == 0 &&
         RAW(SYS_fcntl, REPLY, F_SETOWN, RAW(SYS_getpid, 0)) == 0 &&
         RAW(SYS_fcntl, REPLY, F_SETFL, O_RDWR | O_ASYNC) == 0 &&
         RAW(SYS_rt_sigprocmask, SIG_UNBLOCK, &told, 0, sizeof told) == 0;
}

static void answer(struct reply reply, int descriptor)
{
  struct {
    struct cmsghdr header;
    int descriptor;
  } control = {{CMSG_LEN(sizeof descriptor), SOL_SOCKET, SCM_RIGHTS}, descriptor};
  struct iovec text = {&reply, sizeof reply};
  struct msghdr message = {.msg_iov = &text, .msg_iovlen = 1};
  if (descriptor >= 0) {
    message.msg_control = &control;
    message.msg_controllen = sizeof control;
  }
  while (RAW(SYS_sendmsg, REPLY, &message, MSG_NOSIGNAL) == -EINTR)
    continue;
}

/* Makes the calls; the first that fails is the last. */
static struct reply perform(const struct request *request)
{
  struct reply reply = {.state = STATE_DONE};
  for (uint32_t i = 0; i < request->step_count && reply.result >= 0; i++) {
    const struct step *step = &request->steps[i];
    const uint64_t *a = step->arguments;
    if (!take_capabilities(request->permitted, step->effective))
      return (struct reply){.state = STATE_NOT_BECOME};
    reply.result = raw((long)step->number, a[0], a[1], a[2], a[3], a[4], a[5]);
  }
  return reply;
}

static struct request *mapped(void)
{
  struct statx about;
  if (RAW(SYS_statx, REQUEST, "", AT_EMPTY_PATH, STATX_SIZE, &about) < 0)
    return NULL;
  if (about.stx_size < sizeof(struct request))
    return NULL;
  const int access = PROT_READ | PROT_WRITE;
  const long base = RAW(SYS_mmap, 0, about.stx_size, access, MAP_PRIVATE, REQUEST, 0);
  return base < 0 ? NULL : (struct request *)base;
}

static int run(void)
{
  struct request *request = mapped();
  if (request == NULL)
    return 2;
  uint8_t *base = (uint8_t *)request;
  const uint64_t *pointers = (const uint64_t *)(base + request->pointers);
  for (uint32_t i = 0; i < request->pointer_count; i++)
    *(uint64_t *)(base + pointers[i]) += (uint64_t)base;
  if (!become(request, base) || !stay_tied(request->parent)) {
    answer((struct reply){.state = STATE_NOT_BECOME}, -1);
    return 1;
  }
  const struct reply reply = perform(request);
  const bool gives = request->gives_descriptor && reply.state == STATE_DONE && reply.result >= 0;
  answer(reply, gives ? (int)reply.result : -1);
  return 0;
}

__attribute__((force_align_arg_pointer, noreturn)) void _start(void)
{
  RAW(SYS_exit_group, run());
  __builtin_unreachable();
}
