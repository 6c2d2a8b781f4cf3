#include "holder-process.h"

#include <errno.h>
#include <linux/futex.h>
#include <poll.h>
#include <sched.h>
#include <signal.h>
#include <stdbool.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "descriptors.h"
#include "mediator.h"
#include "slots.h"

/* Between two looks whether the launcher has its listener, in nanoseconds. It cannot wake the holder: under its filter it calls nothing. */
#define GIVE_INTERVAL_NS 50000
/* How long a mediator may take to end when its domain is gone, in milliseconds. */
#define MEDIATOR_END_MS 2000

/* A service manager that stops the group must not turn a graceful stop into failing calls: the holder goes last, by itself. */
static void stand_apart(void)
{
  sigset_t every;
  sigfillset(&every);
  sigprocmask(SIG_SETMASK, &every, NULL);
  setsid();
  prctl(PR_SET_DUMPABLE, 0, 0, 0, 0);
  prctl(PR_SET_NAME, "cofferdam-hold", 0, 0, 0);
  if (chdir("/") != 0)
    _exit(1);
}

/* The listener's number, or HANDOVER_WAITING when the launcher ended before it had one. */
static int await_listener(struct handover *handover, int launcher)
{
  const struct timespec interval = {.tv_nsec = GIVE_INTERVAL_NS};
  struct pollfd ended = {.fd = launcher, .events = POLLIN};
  while (atomic_load(&handover->listener) == HANDOVER_WAITING)
    if (ppoll(&ended, 1, &interval, NULL) > 0)
      return HANDOVER_WAITING;
  return handover->listener;
}

/* From here on nothing is shared with the daemon. False when that could not be had. */
static bool take(struct handover *handover, const struct holdings *own, int listener)
{
  if (unshare(CLONE_FILES) != 0) {
    atomic_store(&handover->held, -errno);
    return false;
  }
  atomic_store(&handover->held, 1);
  const int kept[] = {listener, own->launcher, own->slots, own->plan, own->events, own->silence, handover->cgroup.anchor};
  if (close_all_but(kept, sizeof kept / sizeof *kept) != 0)
    return false;
  for (int i = 0; i <= STDERR_FILENO; i++)
    if (dup2(own->silence, i) < 0)
      return false;
  return true;
}

static void serve(int listener, const struct holdings *own)
{
  uint8_t *slots = mmap(NULL, SLOT_COUNT * SLOT_SIZE, PROT_READ | PROT_WRITE, MAP_SHARED, own->slots, 0);
  if (slots == MAP_FAILED)
    return;
  int mediator = -1; /* pidfd */
  int deaths = 0;    /* in a row, without an answered call */
  for (;;) {
    /* While a mediator lives the listener is only watched for the end of the domain. */
    struct pollfd watched[] = {
        {.fd = listener, .events = mediator < 0 ? POLLIN : 0},
        {.fd = mediator, .events = POLLIN},
    };
    if (poll(watched, 2, -1) < 0)
      continue;
    if (mediator >= 0 && watched[1].revents != 0) {
      mediator_reap(mediator);
      mediator = -1;
      deaths = slots_settle(listener, slots) ? 0 : deaths + 1;
    } else if ((watched[0].revents & POLLHUP) != 0) {
      mediator_end(mediator, MEDIATOR_END_MS);
      return;
    } else if ((watched[0].revents & POLLIN) != 0) {
      if (deaths >= MEDIATOR_RESTARTS_MAX)
        slots_deny_one(listener, slots);
      else if ((mediator = mediator_start(listener, own)) < 0)
        deaths++;
    }
  }
}

void holder_process(struct handover *handover, const struct holdings *holdings)
{
  stand_apart();
  atomic_store(&handover->ready, 1);
  syscall(SYS_futex, &handover->ready, FUTEX_WAKE, 1, NULL, NULL, 0);
  int listener = await_listener(handover, holdings->launcher);
  if (listener != HANDOVER_WAITING && take(handover, holdings, listener)) {
    if (listener >= 0) {
      serve(listener, holdings);
    } else {
      struct pollfd ended = {.fd = holdings->launcher, .events = POLLIN};
      while (poll(&ended, 1, -1) < 0)
        continue;
    }
  }
  /* The collector reads the end of the events now, however long a process of the domain outlives the daemon. */
  if (holdings->events >= 0)
    close(holdings->events);
  cgroup_remove(&handover->cgroup);
  _exit(0);
}
