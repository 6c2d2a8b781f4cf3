// What a daemon may see of level warning: prints its no_new_privs, what becomes of a listener of
// its own, and of opens under a timer.
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <unistd.h>

enum { OPENS = 2000, TIMER_US = 2000 };

static void hit(int signal)
{
  (void)signal;
}

/* SA_RESTART, as a kernel without a notification would have it: an open that a signal meets is
   begun again. */
static void opens_under_a_timer(const char *file)
{
  struct sigaction action = {.sa_handler = hit, .sa_flags = SA_RESTART};
  struct itimerval timer = {{0, TIMER_US}, {0, TIMER_US}}, off = {{0, 0}, {0, 0}};
  sigaction(SIGALRM, &action, NULL);
  setitimer(ITIMER_REAL, &timer, NULL);
  int interrupted = 0, failed = 0;
  for (int i = 0; i < OPENS; i++) {
    int fd = open(file, O_RDONLY);
    if (fd >= 0)
      close(fd);
    else if (errno == EINTR)
      interrupted++;
    else
      failed++;
  }
  setitimer(ITIMER_REAL, &off, NULL);
  printf("opens failed otherwise: %d, interrupted: %s\n", failed, interrupted == 0 ? "none"
      : "some");
}

static void own_listener(void)
{
  struct sock_filter allow = {BPF_RET | BPF_K, 0, 0, SECCOMP_RET_ALLOW};
  struct sock_fprog program = {1, &allow};
  prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0);
  long fd = syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, SECCOMP_FILTER_FLAG_NEW_LISTENER,
      &program);
  printf("listener: %s\n", fd >= 0 ? "given" : strerrorname_np(errno));
}

int main(int argc, char **argv)
{
  printf("no_new_privs: %d\n", prctl(PR_GET_NO_NEW_PRIVS, 0, 0, 0, 0));
  opens_under_a_timer(argc > 1 ? argv[1] : "/");
  own_listener();
  return 0;
}
