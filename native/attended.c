#include "holder.h"

#define STEP "attend the run"

int process_open(pid_t process, const char *step)
{
  int opened = (int)syscall(SYS_pidfd_open, process, 0);
  need(opened >= 0, step, "pidfd_open", "raise the limit of descriptors (ulimit -n)");
  return opened;
}

/* --- the stand-by: Yama lets only an ancestor inspect the daemon, so the mediator is born before
   it --- */

_Noreturn static void stand_by(int order)
{
  int handed[HANDED_OVER_MAX + 2] = {[3] = STDIN_FILENO, report_descriptor, order};
  const int kept[] = {order, report_descriptor};
  stand_apart("cofferdam-wait");
  prctl(PR_SET_DUMPABLE, 0, 0, 0, 0);
  keep_only(kept, 2);
  if (take_over(order, handed) == 0)
    _exit(0);
  mediator_become("own", handed, HANDED_OVER_MAX + 2);
}

/* --- the holder: the daemon's parent --- */

static void tell(const struct holdings *own, int number)
{
  syscall(SYS_pidfd_send_signal, own->front, number, NULL, 0);
}

void attended_child(struct handover *handover, const struct holdings *own, pid_t process,
                    int status)
{
  if (process != handover->daemon)
    return;
  bool over = WIFEXITED(status) || WIFSIGNALED(status);
  int alike = ALIKE;
  if (over)
    handover->status = status;
  if (WIFSTOPPED(status))
    atomic_compare_exchange_strong(&handover->following, &alike, BEHIND);
  else if (atomic_exchange(&handover->following, ALIKE) == HALTED || over)
    tell(own, SIGCONT); /* a front that its caller has stopped could not exit either */
  tell(own, SIGCHLD);
}

void attended_stop(struct handover *handover, const struct holdings *own)
{
  if (handover->following != READY)
    return;
  tell(own, SIGSTOP);
  /* Not earlier: a front that reads this relies on the signal. */
  handover->following = HALTED;
}

/* --- all processes of the run are born here --- */

struct caller {
  sigset_t mask;
  struct sigaction on_child;
  int reaper;
};

static void as_called(const struct handover *handover, const struct caller *caller)
{
  const char *activated = getenv("LISTEN_PID");
  if (activated != NULL && strtol(activated, NULL, 10) == handover->front) {
    char own[16];
    snprintf(own, sizeof own, "%d", getpid());
    need(setenv("LISTEN_PID", own, 1) == 0 && unsetenv("LISTEN_PIDFDID") == 0, STEP,
         "LISTEN_PID", NULL);
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
  sigset_t every;
  int order[2];
  sigfillset(&every);
  sigprocmask(SIG_BLOCK, &every, &caller.mask);
  sigaction(SIGCHLD, &standard, &caller.on_child);
  need(prctl(PR_GET_CHILD_SUBREAPER, &caller.reaper, 0, 0, 0) == 0 &&
           prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0) == 0 &&
           socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, order) == 0,
       STEP, NULL, "raise the limit of descriptors (ulimit -n)");
  own->front = own->launcher;
  handover->front = getpid();
  pid_t waiting = born(0, NULL);
  if (waiting > 0)
    front_attend(handover, waiting);
  own->stand_by = process_open(getpid(), STEP);
  if (born(0, NULL) > 0)
    stand_by(order[1]);
  close(order[1]);
  own->order = order[0];
  own->children = children_open();
  need(own->children >= 0 && prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0) == 0, STEP, "signalfd",
       NULL);
  handover->holder = getpid();
  pid_t daemon = born(CLONE_FILES | CLONE_PIDFD, &own->launcher);
  handover->daemon = daemon == 0 ? getpid() : daemon;
  if (daemon == 0)
    as_called(handover, &caller);
  else {
    tell(own, SIGCHLD);
    /* The collector watches the control group of this process. */
    dprintf(own->events, "{\"daemon\":%d}\n", daemon);
  }
  return daemon == 0;
}
