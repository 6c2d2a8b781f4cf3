#include "mediator.h"

#include <fcntl.h>
#include <poll.h>
#include <sched.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "node.h"

/* What the mediator and its workers find programs by; it starts none today. */
#define MEDIATOR_PATH "PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"

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

_Noreturn static void become(int listener, const struct holdings *own)
{
  const struct {
    int from, at;
  } handed[] = {{listener, MEDIATOR_FD_LISTENER},
                {own->slots, MEDIATOR_FD_SLOTS},
                {own->plan, MEDIATOR_FD_PLAN},
                {own->events, MEDIATOR_FD_EVENTS}};
  const int count = sizeof handed / sizeof *handed;
  int high[sizeof handed / sizeof *handed];
  limits_raise();
  for (int i = 0; i < count; i++)
    if ((high[i] = fcntl(handed[i].from, F_DUPFD_CLOEXEC, MEDIATOR_FD_EVENTS + 1)) < 0)
      _exit(EXIT_FAILURE);
  for (int i = 0; i < count; i++)
    if (dup2(high[i], handed[i].at) < 0)
      _exit(EXIT_FAILURE);
  if (syscall(SYS_close_range, MEDIATOR_FD_EVENTS + 1, ~0u, 0) != 0)
    _exit(EXIT_FAILURE);
  signals_default();
  char *arguments[] = {NODE_PATH_ABS, DIST_DIR "/mediator.js", NULL};
  char *environment[] = {MEDIATOR_PATH, NULL};
  execve(NODE_PATH_ABS, arguments, environment);
  _exit(EXIT_FAILURE);
}

int mediator_start(int listener, const struct holdings *own)
{
  int pidfd = -1;
  long process = syscall(SYS_clone, CLONE_PIDFD | SIGCHLD, NULL, &pidfd, NULL, 0);
  if (process == 0)
    become(listener, own);
  return process < 0 ? -1 : pidfd;
}

void mediator_reap(int mediator)
{
  siginfo_t information;
  waitid((idtype_t)P_PIDFD, (id_t)mediator, &information, WEXITED);
  close(mediator);
}

void mediator_end(int mediator, int limit)
{
  if (mediator < 0)
    return;
  struct pollfd ended = {.fd = mediator, .events = POLLIN};
  if (poll(&ended, 1, limit) == 0)
    syscall(SYS_pidfd_send_signal, mediator, SIGKILL, NULL, 0);
  mediator_reap(mediator);
}
