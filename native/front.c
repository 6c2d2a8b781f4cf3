#include "holder.h"

/* Whether the terminal sent the signal. It sends these to the whole process group, which includes
   the daemon. */
static bool was_sent_to_all(const siginfo_t *signal)
{
  static const int numbers[] = {SIGINT, SIGQUIT, SIGTSTP, SIGTTIN, SIGTTOU, SIGWINCH};
  bool listed = false;
  for (size_t i = 0; i < sizeof numbers / sizeof *numbers; i++)
    listed |= signal->si_signo == numbers[i];
  return listed && signal->si_code == SI_KERNEL;
}

/* Stops like the daemon. When the front continues, a daemon with a process group of its own gets
   the terminal back. */
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

/* Whether a process has ended, or is not a child of this one. */
static bool is_over(pid_t process)
{
  return waitpid(process, NULL, WNOHANG | __WALL) != 0;
}

/* Ends the front when all parts of the run have ended. */
static void look(struct handover *handover, pid_t stand_by)
{
  if (atomic_exchange(&handover->stopped, 0) != 0)
    stop_too(handover->daemon);
  /* The holder becomes a child of the front when its parent is gone, and so does the daemon when
     its holder was killed. */
  if (!is_over(stand_by) || (handover->holder != 0 && !is_over(handover->holder)))
    return;
  int status = handover->status;
  bool unknown = status == LIVES && handover->daemon != 0;
  pid_t left = unknown ? waitpid(handover->daemon, &status, WNOHANG | __WALL) : -1;
  if (left != 0)
    end_like(status == LIVES ? W_EXITCODE(EXIT_REFUSED, 0) : status);
}

void front_attend(struct handover *handover, pid_t stand_by)
{
  sigset_t every, news;
  sigfillset(&every);
  sigemptyset(&news);
  sigaddset(&news, SIGCHLD);
  prctl(PR_SET_DUMPABLE, 0, 0, 0, 0);
  keep_only(&report_descriptor, 1);
  for (int daemon = -1;;) {
    siginfo_t signal;
    /* Until there is a daemon other signals stay pending. */
    int number = sigwaitinfo(daemon < 0 ? &news : &every, &signal);
    if (daemon < 0 && handover->daemon != 0)
      daemon = (int)syscall(SYS_pidfd_open, handover->daemon, 0);
    if (number == SIGCHLD)
      look(handover, stand_by);
    else if (number > 0 && !was_sent_to_all(&signal)) {
      siginfo_t *queued = signal.si_code == SI_QUEUE ? &signal : NULL;
      syscall(SYS_pidfd_send_signal, daemon, number, queued, 0);
    }
  }
}
