#include "holder.h"

/* In milliseconds: how often the front looks whether the holder has stopped it. */
#define LOOK_MS 1

/* Whether the terminal sent the signal. The daemon is in the same process group and got it, too. */
static bool was_sent_to_all(const siginfo_t *signal)
{
  static const int numbers[] = {SIGINT, SIGQUIT, SIGTSTP, SIGTTIN, SIGTTOU, SIGWINCH};
  bool listed = false;
  for (size_t i = 0; i < sizeof numbers / sizeof *numbers; i++)
    listed |= signal->si_signo == numbers[i];
  return listed && signal->si_code == SI_KERNEL;
}

/* Whether the signal continued the front because the daemon had gone on. A SIGCONT of the caller's
   that comes while it waits is one with it. */
static bool is_of_holder(const struct handover *handover, const siginfo_t *signal)
{
  return signal->si_signo == SIGCONT && signal->si_code == SI_USER &&
         signal->si_pid == handover->holder;
}

/* Has the holder stop this process, and returns when it goes on. If the front stopped itself, the
   holder's SIGCONT could come a moment before, and nothing would continue the front. */
static void be_stopped(struct handover *handover)
{
  int following = BEHIND;
  if (!atomic_compare_exchange_strong(&handover->following, &following, READY))
    return;
  struct pollfd holder = {.fd = (int)syscall(SYS_pidfd_open, handover->holder, 0),
                          .events = POLLIN};
  kill(handover->holder, SIGCHLD);
  bool gone;
  do {
    following = handover->following;
    /* A signal that was sent before the call has its effect by the call's end: who has read HALTED
       has been stopped and continued then. */
    gone = poll(&holder, 1, LOOK_MS) > 0;
  } while (following == READY && !gone);
  /* Before the daemon gets its caller's SIGCONT, which waits: the holder must not send another. */
  if (following != BEHIND)
    atomic_compare_exchange_strong(&handover->following, &following, ALIKE);
  if (holder.fd >= 0)
    close(holder.fd);
}

/* Stops when the daemon stops. When the front continues, it gives the terminal back to a daemon
   with a process group of its own. */
static void stop_too(struct handover *handover)
{
  int terminal = open("/dev/tty", O_RDWR | O_CLOEXEC | O_NOCTTY);
  pid_t group = getpgid(handover->daemon);
  bool had_it = terminal >= 0 && group != getpgrp() && tcgetpgrp(terminal) == group;
  be_stopped(handover);
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

static bool is_over(pid_t process)
{
  return waitpid(process, NULL, WNOHANG | __WALL) != 0;
}

static void look(struct handover *handover, pid_t stand_by)
{
  if (handover->following == BEHIND)
    stop_too(handover);
  /* Orphans fall to the front: the holder when its parent has ended, and the daemon if its holder
     was killed. */
  if (!is_over(stand_by) || (handover->holder != 0 && !is_over(handover->holder)))
    return;
  int status = handover->status;
  bool unknown = status == LIVES && handover->daemon != 0;
  pid_t left = unknown ? waitpid(handover->daemon, &status, WNOHANG | __WALL) : -1;
  if (left != 0)
    end_like(status == LIVES ? W_EXITCODE(EXIT_REFUSED, 0) : status);
}

static bool is_ignored(int number)
{
  struct sigaction given;
  return sigaction(number, NULL, &given) == 0 && given.sa_handler == SIG_IGN;
}

/* Whether the signal asks the front, and not the daemon, to end: nohup(1) has it ignored. */
static bool asks_to_end(int number)
{
  return (number == SIGHUP || number == SIGINT || number == SIGQUIT || number == SIGTERM) &&
         !is_ignored(number);
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
    /* Other signals stay pending until there is a daemon to pass them to. It may have ended before
       this process first sees it. */
    int number = sigwaitinfo(handover->daemon == 0 ? &news : &every, &signal);
    if (daemon < 0 && handover->daemon != 0 && handover->status == LIVES)
      daemon = (int)syscall(SYS_pidfd_open, handover->daemon, 0);
    if (number == SIGCHLD)
      look(handover, stand_by);
    else if (handover->status != LIVES && asks_to_end(number))
      /* The daemon has ended, so that it cannot get the signal. What it left runs on with the
         holder and the mediator. */
      end_like(handover->status);
    else if (number > 0 && !was_sent_to_all(&signal) && !is_of_holder(handover, &signal)) {
      siginfo_t *queued = signal.si_code == SI_QUEUE ? &signal : NULL;
      syscall(SYS_pidfd_send_signal, daemon, number, queued, 0);
    }
  }
}
