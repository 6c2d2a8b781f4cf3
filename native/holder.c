/* The launcher's side of the hand-over. */
#include "holder.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/futex.h>
#include <sched.h>
#include <stdbool.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>
#include <x86intrin.h>

#include "holder-process.h"
#include "node.h"
#include "plan-file.h"
#include "report.h"

/* How long the holder may take to come up, in seconds. */
#define HOLDER_READY_S 10
/* How long it may take to hold the listener, in ticks of the time stamp counter: about ten seconds. No clock that could be a
   system call is read once the filter is installed. */
#define HOLDER_HELD_TICKS (1ull << 35)
#define STEP "start the holder"

/* Linux 6.3 has it, and can be told to refuse memory without it. */
#ifndef MFD_NOEXEC_SEAL
#define MFD_NOEXEC_SEAL 8u
#endif

static int memory(const char *name)
{
  int made = memfd_create(name, MFD_CLOEXEC | MFD_ALLOW_SEALING | MFD_NOEXEC_SEAL);
  return made < 0 && errno == EINVAL ? memfd_create(name, MFD_CLOEXEC | MFD_ALLOW_SEALING) : made;
}

/* The plan for the mediator: sealed, so that nobody who gets the descriptor can change it. */
static int plan_copy(const struct plan *plan)
{
  int copy = memory("cofferdam-plan");
  if (copy < 0)
    refuse("make room for the mediator's plan", "memfd", errno, "raise the limit of descriptors (ulimit -n)");
  for (size_t done = 0; done < plan->length;) {
    ssize_t written = write(copy, plan->bytes + done, plan->length - done);
    if (written <= 0)
      refuse("copy the plan for the mediator", "memfd", errno, "raise the limit of file sizes (ulimit -f)");
    done += (size_t)written;
  }
  if (fcntl(copy, F_ADD_SEALS, F_SEAL_WRITE | F_SEAL_GROW | F_SEAL_SHRINK | F_SEAL_SEAL) != 0)
    refuse("seal the mediator's plan", "memfd", errno, NULL);
  return copy;
}

static int slots_memory(void)
{
  int slots = memory("cofferdam-slots");
  if (slots < 0 || ftruncate(slots, SLOT_COUNT * SLOT_SIZE) != 0 ||
      fcntl(slots, F_ADD_SEALS, F_SEAL_GROW | F_SEAL_SHRINK | F_SEAL_SEAL) != 0)
    refuse("make the slots of calls in flight", "memfd", errno, "raise the limits of descriptors and file sizes (ulimit -n, -f)");
  return slots;
}

static struct holdings gather(const struct plan *plan, int events)
{
  struct holdings holdings = {.events = events, .slots = slots_memory(), .plan = plan_copy(plan)};
  holdings.launcher = (int)syscall(SYS_pidfd_open, getpid(), 0);
  if (holdings.launcher < 0)
    refuse(STEP, "pidfd_open", errno, "raise the limit of descriptors (ulimit -n)");
  holdings.silence = open("/dev/null", O_RDWR | O_CLOEXEC);
  if (holdings.silence < 0)
    refuse(STEP, "/dev/null", errno, NULL);
  return holdings;
}

static void await_ready(struct handover *handover)
{
  const struct timespec limit = {.tv_sec = HOLDER_READY_S};
  while (atomic_load(&handover->ready) == 0)
    if (syscall(SYS_futex, &handover->ready, FUTEX_WAIT, 0, &limit, NULL, 0) != 0 && errno != EAGAIN && errno != EINTR)
      refuse(STEP, "futex", errno, "it ended or hangs; start again");
}

struct handover *holder_start(const struct plan *plan, int events)
{
  struct holdings holdings = gather(plan, events);
  struct handover *handover = mmap(NULL, sizeof *handover, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
  if (handover == MAP_FAILED)
    refuse(STEP, "mmap", errno, NULL);
  handover->listener = HANDOVER_WAITING;
  handover->cgroup = (struct cgroup){.anchor = -1, .directory = -1};
  int between = fork_quietly(CLONE_FILES);
  if (between < 0)
    refuse(STEP, "clone", errno, "raise the limit of processes (ulimit -u)");
  if (between == 0) {
    int process = fork_quietly(CLONE_FILES);
    if (process == 0) {
      plan_forget(plan);
      holder_process(handover, &holdings);
    }
    _exit(process < 0 ? errno : 0);
  }
  int status = wait_for(between);
  if (status != 0)
    refuse(STEP, "clone", WIFEXITED(status) ? WEXITSTATUS(status) : EINTR, "raise the limit of processes (ulimit -u)");
  await_ready(handover);
  return handover;
}

void holder_give(struct handover *handover, int listener)
{
  atomic_store(&handover->listener, listener);
  for (unsigned long long begin = __rdtsc(); atomic_load(&handover->held) == 0; _mm_pause())
    if (__rdtsc() - begin > HOLDER_HELD_TICKS)
      atomic_store(&handover->held, -ETIMEDOUT);
  if (handover->held == 1)
    return;
  close(listener); /* so that no call of this process waits for an answer of nobody */
  refuse("give the listener to the holder", NULL, -handover->held, "the holder was killed or lacks memory; start again");
}
