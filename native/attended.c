#include <poll.h>
#include <sched.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <sys/wait.h>

#include "holder.h"

#define STEP "attend the run"

int process_open(pid_t process, const char *step)
{
  int opened = (int)syscall(SYS_pidfd_open, process, 0);
  need(opened >= 0, step, "pidfd_open", "raise the limit of descriptors (ulimit -n)");
  return opened;
}

/* --- the front: in the place of the daemon, for who started it --- */

/* The terminal sends these to the whole process group, and the daemon is in it. */
static bool was_sent_to_all(const siginfo_t *signal)
{
  static const int numbers[] = {SIGINT, SIGQUIT, SIGTSTP, SIGTTIN, SIGTTOU, SIGWINCH};
  bool listed = false;
  for (size_t i = 0; i < sizeof numbers / sizeof *numbers; i++)
    listed |= signal->si_signo == numbers[i];
  return listed && signal->si_code == SI_KERNEL;
}

/* Stops as the daemon did. When it goes on, a daemon with a process group of its own gets the terminal back. */
static void stop_too(pid_t daemon)
{
  int terminal = open("/dev/tty", O_RDWR | O_CLOEXEC | O_NOCTTY);
  pid_t group = getpgid(daemon);
  bool had_it = terminal >= 0 && group != getpgrp() && tcgetpgrp(terminal) == group;
  kill(getpid(), SIGSTOP);
  if (had_it && tcgetpgrp(terminal) == getpgrp())
    tcsetpgrp(terminal, group);
  if (terminal >= 0)
    close(terminal);
}

_Noreturn static void end_like(int status)
{
  if (WIFSIGNALED(status)) {
    int number = WTERMSIG(status);
    sigset_t only;
    sigemptyset(&only);
    sigaddset(&only, number);
    setrlimit(RLIMIT_CORE, &(struct rlimit){0, 0}); /* the daemon has left its core already */
    signal(number, SIG_DFL);
    kill(getpid(), number);
    sigprocmask(SIG_UNBLOCK, &only, NULL);
    _exit(128 + number); /* process 1 of a container does not die of signals */
  }
  _exit(WEXITSTATUS(status));
}

/* Also of a process that is no child of this one. */
static bool is_over(pid_t process)
{
  return waitpid(process, NULL, WNOHANG | __WALL) != 0;
}

/* Ends when everything of the run has. */
static void look(struct handover *handover, pid_t stand_by)
{
  if (atomic_exchange(&handover->stopped, 0) != 0)
    stop_too(handover->daemon);
  /* The holder becomes a child of the front when its parent is gone, and so does the daemon of a holder that was killed. */
  if (!is_over(stand_by) || (handover->holder != 0 && !is_over(handover->holder)))
    return;
  int status = handover->status;
  pid_t left = status == LIVES && handover->daemon != 0 ? waitpid(handover->daemon, &status, WNOHANG | __WALL) : -1;
  if (left != 0)
    end_like(status == LIVES ? W_EXITCODE(EXIT_REFUSED, 0) : status);
}

_Noreturn static void front(struct handover *handover, pid_t stand_by)
{
  sigset_t every, news;
  sigfillset(&every);
  sigemptyset(&news);
  sigaddset(&news, SIGCHLD);
  prctl(PR_SET_DUMPABLE, 0, 0, 0, 0);
  keep_only(&report_descriptor, 1);
  for (int daemon = -1;;) {
    siginfo_t signal;
    int number = sigwaitinfo(daemon < 0 ? &news : &every, &signal); /* others wait until there is a daemon */
    if (daemon < 0 && handover->daemon != 0)
      daemon = (int)syscall(SYS_pidfd_open, handover->daemon, 0);
    if (number == SIGCHLD)
      look(handover, stand_by);
    else if (number > 0 && !was_sent_to_all(&signal))
      syscall(SYS_pidfd_send_signal, daemon, number, signal.si_code == SI_QUEUE ? &signal : NULL, 0);
  }
}

/* --- the stand-by: Yama lets only an ancestor look into the daemon, so the mediator is born before it --- */

_Noreturn static void stand_by(int order)
{
  int handed[HANDED_OVER_MAX + 1] = {[3] = STDIN_FILENO, report_descriptor};
  const int kept[] = {order, report_descriptor};
  stand_apart("cofferdam-wait");
  keep_only(kept, 2);
  if (take_over(order, handed) == 0)
    _exit(0);
  mediator_become(handed, HANDED_OVER_MAX + 1);
}

/* --- the holder: the daemon's parent --- */

static void tell(const struct holdings *own, int number)
{
  syscall(SYS_pidfd_send_signal, own->front, number, NULL, 0);
}

void attended_children(struct handover *handover, const struct holdings *own, bool last)
{
  struct signalfd_siginfo signal;
  int status;
  pid_t process;
  (void)!read(own->children, &signal, sizeof signal);
  while ((process = waitpid(-1, &status, (last && handover->status == LIVES ? 0 : WNOHANG) | WUNTRACED | WCONTINUED | __WALL)) > 0) {
    if (process != handover->daemon)
      continue;
    handover->stopped = WIFSTOPPED(status);
    if (WIFEXITED(status) || WIFSIGNALED(status))
      handover->status = status;
    if (!WIFSTOPPED(status))
      tell(own, SIGCONT); /* a front that is stopped could not end either */
    tell(own, SIGCHLD);
  }
}

/* --- all are born here --- */

struct caller {
  sigset_t mask;
  struct sigaction on_child;
  int reaper;
};

/* The daemon finds what its caller left to the front. */
static void as_called(const struct handover *handover, const struct caller *caller)
{
  const char *activated = getenv("LISTEN_PID");
  if (activated != NULL && strtol(activated, NULL, 10) == handover->front) {
    char own[16];
    snprintf(own, sizeof own, "%d", getpid());
    need(setenv("LISTEN_PID", own, 1) == 0 && unsetenv("LISTEN_PIDFDID") == 0, STEP, "LISTEN_PID", NULL);
  }
  sigaction(SIGCHLD, &caller->on_child, NULL);
  if (caller->reaper != 0)
    prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0);
  sigprocmask(SIG_SETMASK, &caller->mask, NULL);
}

static pid_t born(unsigned long flags, int *pidfd)
{
  pid_t process = (pid_t)syscall(SYS_clone, flags | SIGCHLD, NULL, pidfd, NULL, 0);
  need(process >= 0, STEP, "clone", "raise the limit of processes (ulimit -u)");
  return process;
}

bool attended_split(struct handover *handover, struct holdings *own)
{
  const struct sigaction standard = {.sa_handler = SIG_DFL};
  struct caller caller;
  sigset_t every, news;
  int order[2];
  sigfillset(&every);
  sigemptyset(&news);
  sigaddset(&news, SIGCHLD);
  sigprocmask(SIG_BLOCK, &every, &caller.mask);
  sigaction(SIGCHLD, &standard, &caller.on_child);
  need(prctl(PR_GET_CHILD_SUBREAPER, &caller.reaper, 0, 0, 0) == 0 && prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0) == 0 &&
           socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, order) == 0,
       STEP, NULL, "raise the limit of descriptors (ulimit -n)");
  own->front = own->launcher;
  handover->front = getpid();
  pid_t waiting = born(0, NULL);
  if (waiting > 0)
    front(handover, waiting);
  own->stand_by = process_open(getpid(), STEP);
  if (born(0, NULL) > 0)
    stand_by(order[1]);
  close(order[1]);
  own->order = order[0];
  own->children = signalfd(-1, &news, SFD_CLOEXEC | SFD_NONBLOCK);
  need(own->children >= 0 && prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0) == 0, STEP, "signalfd", NULL);
  handover->holder = getpid();
  pid_t daemon = born(CLONE_FILES | CLONE_PIDFD, &own->launcher);
  handover->daemon = daemon == 0 ? getpid() : daemon;
  if (daemon == 0)
    as_called(handover, &caller);
  else
    tell(own, SIGCHLD);
  return daemon == 0;
}
