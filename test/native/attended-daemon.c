/* A daemon of the tests of attended runs: prints its process id, then
 *   value:     waits for SIGRTMIN with a value and prints that
 *   interrupt: counts SIGINT until SIGUSR1 and prints how many came
 *   continue:  prints after each SIGCONT how many have come, until SIGUSR1
 *   group:     takes the terminal for a process group of its own, stops, and prints when it
 *              continues whether it has the terminal. */
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

static volatile sig_atomic_t interrupts;

static void count(int number)
{
  (void)number;
  interrupts++;
}

static int wait_for(int number)
{
  sigset_t set;
  siginfo_t information = {0};
  sigemptyset(&set);
  sigaddset(&set, number);
  while (sigwaitinfo(&set, &information) < 0)
    continue;
  return information.si_value.sival_int;
}

static int count_continuations(void)
{
  sigset_t set;
  sigemptyset(&set);
  sigaddset(&set, SIGCONT);
  sigaddset(&set, SIGUSR1);
  sigprocmask(SIG_BLOCK, &set, NULL);
  printf("ready\n");
  fflush(stdout);
  for (int number, continuations = 0; sigwait(&set, &number) == 0 && number == SIGCONT;) {
    printf("continuations %d\n", ++continuations);
    fflush(stdout);
  }
  return printf("end\n") < 0;
}

int main(int argc, char **argv)
{
  const char *what = argc > 1 ? argv[1] : "";
  sigset_t set;
  sigemptyset(&set);
  sigaddset(&set, SIGRTMIN);
  sigaddset(&set, SIGUSR1);
  sigprocmask(SIG_BLOCK, &set, NULL);
  signal(SIGINT, count);
  printf("%d\n", getpid());
  fflush(stdout);
  if (strcmp(what, "value") == 0)
    return printf("value %d\n", wait_for(SIGRTMIN)) < 0;
  if (strcmp(what, "interrupt") == 0)
    return wait_for(SIGUSR1), printf("interrupts %d\n", interrupts) < 0;
  if (strcmp(what, "continue") == 0)
    return count_continuations();
  signal(SIGTTOU, SIG_IGN);
  int terminal = open("/dev/tty", O_RDWR);
  if (setpgid(0, 0) != 0 || tcsetpgrp(terminal, getpgrp()) != 0)
    return 3;
  kill(getpid(), SIGSTOP);
  for (int tries = 0; tries < 1000 && tcgetpgrp(terminal) != getpgrp(); tries++)
    usleep(10000);
  return printf("foreground %d\n", tcgetpgrp(terminal) == getpgrp()) < 0;
}
