#include <poll.h>
#include <sched.h>
#include <signal.h>
#include <sys/resource.h>
#include <sys/wait.h>

#include "holder.h"

/* What the mediator and its workers find programs by; it starts none today. */
#define MEDIATOR_PATH "PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"
/* How long a mediator may take to end when its domain is gone, in milliseconds. */
#define MEDIATOR_END_MS 2000

/* The daemon's limits are the daemon's: a small address space or few descriptors must not keep the mediator from working. */
static void limits_raise(void)
{
  static const int resources[] = {RLIMIT_AS, RLIMIT_DATA, RLIMIT_CPU, RLIMIT_FSIZE, RLIMIT_NOFILE};
  for (size_t i = 0; i < sizeof resources / sizeof *resources; i++) {
    struct rlimit limit;
    if (getrlimit(resources[i], &limit) != 0)
      continue;
    limit.rlim_cur = limit.rlim_max;
    setrlimit(resources[i], &limit);
  }
}

/* The holder is spared when memory runs out; the mediator is not. */
static void spared_no_more(void)
{
  int score = open("/proc/self/oom_score_adj", O_WRONLY | O_CLOEXEC);
  if (score >= 0)
    (void)!write(score, "0", 1);
}

int mediator_start(const struct holdings *own)
{
  _Static_assert(MEDIATOR_FD_LISTENER == 3 && MEDIATOR_FD_SLOTS == 4 && MEDIATOR_FD_PLAN == 5 && MEDIATOR_FD_EVENTS == 6, "order");
  const int handed[] = {own->listener, own->slots, own->plan, own->events};
  int pidfd = -1;
  long process = syscall(SYS_clone, CLONE_PIDFD | SIGCHLD, NULL, &pidfd, NULL, 0);
  if (process == 0) {
    const char *arguments[] = {NODE_PATH_ABS, DIST_DIR "/mediator.js", NULL};
    char *environment[] = {MEDIATOR_PATH, NULL};
    limits_raise();
    spared_no_more();
    node_execute(arguments, environment, handed, 4);
  }
  return process < 0 ? -1 : pidfd;
}

void mediator_reap(int mediator)
{
  siginfo_t information;
  waitid((idtype_t)P_PIDFD, (id_t)mediator, &information, WEXITED);
  close(mediator);
}

void mediator_end(int mediator)
{
  if (mediator < 0)
    return;
  struct pollfd ended = {.fd = mediator, .events = POLLIN};
  if (poll(&ended, 1, MEDIATOR_END_MS) == 0)
    syscall(SYS_pidfd_send_signal, mediator, SIGKILL, NULL, 0);
  mediator_reap(mediator);
}
