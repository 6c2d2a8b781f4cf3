#include "exec-hold.h"
#include "holder.h"

/* For the mediator and its workers; they start no programs by it today. */
#define MEDIATOR_PATH "PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"
/* How long a mediator may take to end with its domain. What it has not told by then is told by
   another process, but not the summary of an attended run, which it alone has; and there the front
   ends at a signal of who waits for it. */
#define MEDIATOR_END_MS 2000
#define ATTENDED_END_MS 30000
/* In nanoseconds: how long the holder refuses calls for want of a place before it looks for one
   again. Otherwise such a run could keep the shared mediator busy. */
#define FULL_NS 1000000000ll

static int64_t now(void)
{
  struct timespec time;
  clock_gettime(CLOCK_MONOTONIC, &time);
  return time.tv_sec * 1000000000ll + time.tv_nsec;
}

/* A mediator could not work with a daemon's small address space or few descriptors. */
static void limits_raise(void)
{
  static const int resources[] = {RLIMIT_AS, RLIMIT_DATA, RLIMIT_CPU, RLIMIT_FSIZE, RLIMIT_NOFILE};
  for (size_t i = 0; i < sizeof resources / sizeof *resources; i++) {
    struct rlimit limit;
    if (getrlimit(resources[i], &limit) == 0)
      setrlimit(resources[i], &(struct rlimit){limit.rlim_max, limit.rlim_max});
  }
}

void mediator_become(const char *task, const int *handed, int count)
{
  const char *arguments[] = {NODE_PATH_ABS, DIST_DIR "/mediator.js", task, NULL};
  char *environment[] = {MEDIATOR_PATH, NULL};
  limits_raise();
  spare("0"); /* unlike the holder */
  node_execute(arguments, environment, handed, count);
}

bool mediator_born(const struct holdings *own, const char *task, int *end, int bell, int place)
{
  _Static_assert(MEDIATOR_FD_LISTENER == 3 && MEDIATOR_FD_SLOTS == 4, "order");
  _Static_assert(MEDIATOR_FD_PLAN == 5 && MEDIATOR_FD_EVENTS == 6, "order");
  _Static_assert(MEDIATOR_FD_SUMMARY == 7 && MEDIATOR_FD_HOLDER == 8, "order");
  _Static_assert(MEDIATOR_FD_PLACE == 9, "order");
  /* A free number would be taken by Node for a file of its own. */
  const int events = own->events >= 0 ? own->events : STDIN_FILENO;
  const int handed[] = {own->listener,
                        own->slots,
                        own->plan,
                        events,
                        STDIN_FILENO,
                        bell >= 0 ? bell : STDIN_FILENO,
                        place >= 0 ? place : STDIN_FILENO};
  long process = syscall(SYS_clone, (end == NULL ? 0 : CLONE_PIDFD) | SIGCHLD, NULL, end, NULL, 0);
  if (process == 0)
    mediator_become(task, handed, sizeof handed / sizeof *handed);
  return process > 0;
}

static bool own_start(const struct holdings *own, struct mediator *mediator)
{
  int ends[2];
  /* The limit on a user's processes also limits that user's mediators. */
  int place = geteuid() == 0 ? place_take(&own->claimant) : -1;
  mediator->full = geteuid() == 0 && place < 0 ? errno : 0;
  if (mediator->full != 0)
    return false;
  if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, ends) != 0) {
    close(place);
    return false;
  }
  bool started = mediator_born(own, "own", &mediator->descriptor, ends[1], place);
  close(place);
  close(ends[1]);
  if (started)
    mediator->bell = ends[0];
  else
    close(ends[0]);
  return started;
}

bool mediator_start(const struct holdings *own, struct mediator *mediator)
{
  if (now() < mediator->again)
    return false;
  bool asked = own->order < 0 && !mediator->alone && !mediator->elsewhere;
  int shared = asked ? shared_connect(mediator->shared) : -1;
  mediator->descriptor = own->order >= 0 ? own->stand_by : shared;
  mediator->shared = asked && mediator->descriptor >= 0;
  int receiver = mediator->shared ? mediator->descriptor : own->order;
  bool started = mediator->descriptor >= 0 && hand_over(receiver, own);
  mediator->bell = mediator->shared ? mediator->descriptor : own->order;
  if (!started) {
    close(mediator->shared ? mediator->descriptor : -1);
    *mediator = (struct mediator){.descriptor = -1, .bell = -1, .alone = mediator->alone};
    started = own->order < 0 && own_start(own, mediator);
    mediator->again = mediator->full != 0 ? now() + FULL_NS : 0;
  }
  return started;
}

void mediator_forget(struct mediator *mediator)
{
  if (mediator->bell != mediator->descriptor)
    close(mediator->bell);
  close(mediator->descriptor);
  mediator->descriptor = mediator->bell = -1;
}

bool mediator_ended(struct mediator *mediator)
{
  enum shared_state state = mediator->shared ? shared_hear(mediator->descriptor) : SHARED_IS_OVER;
  if (state == SHARED_GOES_ON)
    return false;
  mediator->elsewhere = state == SHARED_ELSEWHERE;
  mediator_forget(mediator);
  return true;
}

void mediator_end(const struct holdings *own, struct mediator *mediator, const uint8_t *slots)
{
  struct pollfd ended = {.fd = mediator->descriptor, .events = mediator->shared ? 0 : POLLIN};
  /* The shared mediator's descriptor is a connection and no pidfd: it is not killed. */
  int wait = own->order >= 0 ? ATTENDED_END_MS : MEDIATOR_END_MS;
  if (poll(&ended, 1, mediator->descriptor < 0 ? 0 : wait) == 0)
    syscall(SYS_pidfd_send_signal, mediator->descriptor, SIGKILL, NULL, 0);
  mediator_forget(mediator);
  const uint32_t *mediators = (const void *)(slots + SLOT_UNTOLD_MEDIATOR);
  const uint32_t *workers = (const void *)(slots + SLOT_UNTOLD_WORKER);
  const uint64_t *records = (const void *)(slots + SLOT_RECORDS_GROUP);
  if (*mediators != 0 || *workers != 0 || *records != 0)
    mediator_born(own, "untold", NULL, -1, -1);
}
