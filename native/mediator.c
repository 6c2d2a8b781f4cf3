#include "holder.h"

/* What the mediator and its workers find programs by; it starts none today. */
#define MEDIATOR_PATH "PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"
/* How long a mediator may take to end when its domain is gone, in milliseconds. */
#define MEDIATOR_END_MS 2000

/* The daemon's limits are the daemon's: a small address space or few descriptors must not keep
   the mediator from working. */
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

bool mediator_born(const struct holdings *own, const char *task, int *end)
{
  _Static_assert(MEDIATOR_FD_LISTENER == 3 && MEDIATOR_FD_SLOTS == 4 && MEDIATOR_FD_PLAN == 5 && MEDIATOR_FD_EVENTS == 6, "order");
  /* A number left free would be one of Node's own. */
  const int handed[] = {own->listener, own->slots, own->plan, own->events >= 0 ? own->events : STDIN_FILENO};
  long process = syscall(SYS_clone, (end == NULL ? 0 : CLONE_PIDFD) | SIGCHLD, NULL, end, NULL, 0);
  if (process == 0)
    mediator_become(task, handed, 4);
  return process > 0;
}

bool mediator_start(const struct holdings *own, struct mediator *mediator)
{
  bool asked = own->order < 0 && !mediator->alone;
  mediator->descriptor = own->order >= 0 ? own->stand_by : asked ? shared_connect(mediator->shared) : -1;
  mediator->shared = asked && mediator->descriptor >= 0;
  bool started = mediator->descriptor >= 0 && hand_over(mediator->shared ? mediator->descriptor : own->order, own);
  if (!started) {
    close(mediator->shared ? mediator->descriptor : -1);
    *mediator = (struct mediator){-1, false, mediator->alone};
    started = own->order < 0 && mediator_born(own, "own", &mediator->descriptor);
  }
  return started;
}

bool mediator_ended(struct mediator *mediator)
{
  char byte;
  ssize_t got = mediator->shared ? recv(mediator->descriptor, &byte, sizeof byte, 0) : 0;
  if (got > 0 || (got < 0 && (errno == EAGAIN || errno == EINTR)))
    return false;
  close(mediator->descriptor);
  mediator->descriptor = -1;
  return true;
}

void mediator_end(const struct holdings *own, struct mediator *mediator, const uint8_t *slots)
{
  struct pollfd ended = {.fd = mediator->descriptor, .events = mediator->shared ? 0 : POLLIN};
  if (poll(&ended, 1, mediator->descriptor < 0 ? 0 : MEDIATOR_END_MS) == 0)
    syscall(SYS_pidfd_send_signal, mediator->descriptor, SIGKILL, NULL, 0); /* the shared one is no pidfd, and goes on */
  close(mediator->descriptor);
  const uint32_t *mediators = (const void *)(slots + SLOT_UNTOLD_MEDIATOR);
  const uint32_t *workers = (const void *)(slots + SLOT_UNTOLD_WORKER);
  const uint64_t *records = (const void *)(slots + SLOT_RECORDS_GROUP);
  if (*mediators != 0 || *workers != 0 || *records != 0)
    mediator_born(own, "untold", NULL);
}
