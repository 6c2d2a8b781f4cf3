#include <linux/futex.h>
#include <poll.h>
#include <sched.h>
#include <stdatomic.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <time.h>

#include "holder.h"

#define STEP "start the holder"
/* Until the holder serves a launcher whose execve is itself notified, in nanoseconds. */
#define EXECVE_WAIT_NS 100000000l

/* Shared by launcher and holder until the daemon runs. */
struct handover {
  /* The launcher's thread id. The kernel adds FUTEX_OWNER_DIED and wakes the holder when the launcher executes or ends, since
     `entry` is on its list of robust futexes (set_robust_list(2)): behind the filter it may call nothing itself. */
  _Atomic uint32_t owner;
  _Atomic int listener;
  struct robust_list entry;
  struct cgroup cgroup;
};
enum { WAITING = -2 };

struct holder {
  struct handover *handover;
  struct holdings own;
  const struct plan *plan;
};

/* Born with every signal blocked: a service manager that stops the group must not turn a graceful stop into failing calls, nor must
   lack of memory. The holder goes last, by itself. */
static void stand_apart(void)
{
  setsid();
  int score = open("/proc/self/oom_score_adj", O_WRONLY | O_CLOEXEC);
  if (score >= 0) {
    (void)!write(score, "-1000", 5); /* takes CAP_SYS_RESOURCE; works without */
    close(score);
  }
  prctl(PR_SET_DUMPABLE, 0, 0, 0, 0);
  prctl(PR_SET_NAME, "cofferdam-hold", 0, 0, 0);
  (void)!chdir("/"); /* a courtesy to who unmounts; without it the domain is held as well */
}

/* Returns when nothing is shared with the daemon any more: what it executes gets a table of descriptors of its own. */
static int await_listener(struct handover *handover)
{
  const struct timespec limit = {.tv_nsec = EXECVE_WAIT_NS};
  for (;;) {
    uint32_t owner = atomic_load(&handover->owner);
    if ((owner & FUTEX_OWNER_DIED) != 0)
      return handover->listener;
    syscall(SYS_futex, &handover->owner, FUTEX_WAIT, owner, &limit, NULL, 0);
    if (handover->listener != WAITING && unshare(CLONE_FILES) == 0)
      return handover->listener;
  }
}

static void serve(const struct holdings *own)
{
  uint8_t *slots = mmap(NULL, SLOT_COUNT * SLOT_SIZE, PROT_READ | PROT_WRITE, MAP_SHARED, own->slots, 0);
  if (slots == MAP_FAILED)
    return;
  int mediator = -1; /* pidfd */
  int deaths = 0;    /* in a row, without an answered call */
  for (;;) {
    /* While a mediator lives the listener is only watched for the end of the domain. */
    struct pollfd watched[] = {
        {.fd = own->listener, .events = mediator < 0 ? POLLIN : 0},
        {.fd = mediator, .events = POLLIN},
    };
    if (poll(watched, 2, -1) < 0)
      continue;
    if (mediator >= 0 && watched[1].revents != 0) {
      mediator_reap(mediator);
      mediator = -1;
      deaths = slots_settle(own->listener, slots) ? 0 : deaths + 1;
    } else if ((watched[0].revents & POLLHUP) != 0) {
      mediator_end(mediator);
      return;
    } else if ((watched[0].revents & POLLIN) != 0) {
      if (deaths >= MEDIATOR_RESTARTS_MAX)
        slots_deny_one(own->listener, slots);
      else if ((mediator = mediator_start(own)) < 0)
        deaths++;
    }
  }
}

/* From its birth beside the launcher to the end of the last process of the domain. */
static void live(void *argument)
{
  const struct holder *holder = argument;
  struct holdings own = holder->own;
  munmap((void *)holder->plan->bytes, holder->plan->length);
  stand_apart();
  own.listener = await_listener(holder->handover);
  syscall(SYS_close_range, 0, report_descriptor, 0);
  for (int i = 0; i <= STDERR_FILENO; i++)
    dup2(own.silence, i);
  if (own.listener >= 0)
    serve(&own);
  else if (own.listener == NO_LISTENER)
    for (struct pollfd ended = {.fd = own.launcher, .events = POLLIN}; poll(&ended, 1, -1) < 0;)
      continue;
  /* The collector reads the end of the events now, however long a process of the domain outlives the daemon. */
  if (own.events >= 0)
    close(own.events);
  cgroup_remove(&holder->handover->cgroup);
  _exit(0);
}

static struct holdings gather(const struct plan *plan, int events)
{
  struct holdings own = {.events = events, .plan = plan->memory, .slots = memory_make("cofferdam-slots")};
  need(own.slots >= 0 && ftruncate(own.slots, SLOT_COUNT * SLOT_SIZE) == 0 &&
           fcntl(own.slots, F_ADD_SEALS, F_SEAL_GROW | F_SEAL_SHRINK | F_SEAL_SEAL) == 0,
       "make the slots of calls in flight", "memfd", "raise the limit of descriptors (ulimit -n)");
  own.launcher = (int)syscall(SYS_pidfd_open, getpid(), 0);
  need(own.launcher >= 0, STEP, "pidfd_open", "raise the limit of descriptors (ulimit -n)");
  own.silence = open("/dev/null", O_RDWR | O_CLOEXEC);
  need(own.silence >= 0, STEP, "/dev/null", NULL);
  return own;
}

struct handover *holder_start(const struct plan *plan, int events)
{
  static struct robust_list_head owned;
  struct handover *handover = mmap(NULL, sizeof *handover, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
  need(handover != MAP_FAILED, STEP, "mmap", NULL);
  handover->owner = (uint32_t)gettid() | FUTEX_WAITERS;
  handover->listener = WAITING;
  handover->cgroup.anchor = -1;
  handover->entry.next = &owned.list;
  owned.list.next = &handover->entry;
  owned.futex_offset = (long)offsetof(struct handover, owner) - (long)offsetof(struct handover, entry);
  need(syscall(SYS_set_robust_list, &owned, sizeof owned) == 0, STEP, "set_robust_list", NULL);
  struct holder holder = {handover, gather(plan, events), plan};
  grandchild(STEP, CLONE_FILES, false, live, &holder);
  return handover;
}

struct cgroup *holder_cgroup(struct handover *handover)
{
  return &handover->cgroup;
}

void holder_give(struct handover *handover, int listener)
{
  atomic_store(&handover->listener, listener);
}
