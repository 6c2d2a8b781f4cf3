// Signals, and what they interrupt.
#include <poll.h>
#include <sys/resource.h>
#include <sys/time.h>

#include "transparent.h"

static volatile int hits;
static void hit(int n) {
  hits += n > 0;
}
CASE(signals, to_oneself) {
  signal(SIGUSR1, hit);
  SAY(kill(getpid(), SIGUSR1));
  SAY(raise(SIGUSR1));
  SAY((int)syscall(SYS_tgkill, getpid(), getpid(), SIGUSR1));
  SAY((int)syscall(SYS_tkill, getpid(), SIGUSR1));
  union sigval v = {.sival_int = 3};
  SAY(sigqueue(getpid(), SIGUSR1, v));
  printf("%d hits\n", hits);
  SAY(kill(getpid(), 0));
  SAY(kill(getpid(), 999));
  SAY(kill(99999999, 0));
  SAY(kill(0, 0));
}
CASE(signals, to_children) {
  pid_t c = fork();
  if (c == 0) {
    pause();
    _exit(0);
  }
  SAY(kill(c, 0));
  int p = (int)syscall(SYS_pidfd_open, c, 0);
  printf("pidfd %d\n", p >= 0);
  SAY((int)syscall(SYS_pidfd_send_signal, p, SIGTERM, NULL, 0));
  say_end("child", c);
  SAY(kill(c, 0));
  struct pollfd f = {p, POLLIN, 0};
  SAY(poll(&f, 1, 1000));
}
CASE(signals, group) {
  fflush(stdout);
  pid_t c = fork();
  if (c == 0) {
    setpgid(0, 0);
    if (fork() == 0) {
      pause();
    }
    pause();
    _exit(0);
  }
  while (getpgid(c) != c) usleep(1000);
  SAY(killpg(c, SIGKILL));
  say_end("child", c);
}
CASE(signals, init_is_not_ours) {
  SAY(kill(1, 0));
  IN_CHILD({
    if (geteuid() == 0) {
      SAY(setresuid(65534, 65534, 65534));
    }
    SAY(kill(1, 0));
    SAY(kill(getppid(), 0));
  });
}
CASE(signals, handler_interrupts_a_pipe) {
  struct sigaction a = {.sa_handler = hit};
  sigaction(SIGALRM, &a, NULL);
  struct itimerval t = {{0, 0}, {0, 30000}};
  int p[2];
  char b;
  if (pipe(p)) return;
  setitimer(ITIMER_REAL, &t, NULL);
  SAY(read(p[0], &b, 1));
  printf("%d hits\n", hits);
  a.sa_flags = SA_RESTART;
  sigaction(SIGALRM, &a, NULL);
  setitimer(ITIMER_REAL, &t, NULL);
  IN_CHILD({
    usleep(80000);
    if (write(p[1], "x", 1) != 1) puts("?");
  });
  SAY(read(p[0], &b, 1));
}
CASE(signals, segmentation_fault) {
  IN_CHILD({
    struct rlimit l;
    memset(&l, 0, sizeof l);
    setrlimit(RLIMIT_CORE, &l);
    *(volatile int *)8 = 1;
  });
  IN_CHILD({ abort(); });
}
CASE(signals, masks_and_waits) {
  sigset_t s, old;
  sigemptyset(&s);
  sigaddset(&s, SIGUSR2);
  SAY(sigprocmask(SIG_BLOCK, &s, &old));
  SAY(kill(getpid(), SIGUSR2));
  SAY(sigwaitinfo(&s, NULL));
  struct timespec t = {0, 1000000};
  SAY(sigtimedwait(&s, NULL, &t));
}
CASE(eintr, opens_under_a_timer) {
  struct sigaction a = {.sa_handler = hit, .sa_flags = SA_RESTART};
  sigaction(SIGALRM, &a, NULL);
  struct itimerval t = {{0, 2000}, {0, 2000}};
  setitimer(ITIMER_REAL, &t, NULL);
  int bad = 0, other = 0;
  for (int i = 0; i < 5000; i++) {
    int f = open("../outside/public", O_RDONLY);
    if (f >= 0)
      close(f);
    else if (errno == EINTR)
      bad++;
    else
      other++;
  }
  struct itimerval off = {0};
  setitimer(ITIMER_REAL, &off, NULL);
  printf("interrupted %d failed otherwise %d\n", bad, other);
}
