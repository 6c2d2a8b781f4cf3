// group-outsiders front|behind HARNESS...: a session with a terminal of its own, in which a domain
// is started beside processes outside of it, as a shell starts a job: the harness in a group in the
// foreground (front) or in the background (behind), a bystander in a group of its own in the other.
// The bystander's number is in the environment, OUTSIDER. It joins the group whose number the file
// `join` names, and makes the file `joined`; where there is a file `key`, a key is typed. Prints
// afterwards what the bystander got.
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <termios.h>
#include <unistd.h>

enum { SIGNALS = 64, POLL_US = 500 };
static volatile int *got;

static void count(int number) { __atomic_add_fetch(&got[number], 1, __ATOMIC_SEQ_CST); }

// It stands for a process that is stopped or killed by these: handled, so that they are counted.
static const int counted[] = {SIGUSR1, SIGIO, SIGTTOU, SIGTTIN, SIGHUP, SIGINT};

static void bystander(void) {
  setpgid(0, 0);
  for (;;) {
    FILE *file = fopen("join", "r");
    int group;
    if (file && fscanf(file, "%d", &group) == 1) {
      if (setpgid(0, group)) perror("bystander: setpgid");
      unlink("join");
      close(open("joined", O_CREAT | O_WRONLY, 0666));
    }
    if (file) fclose(file);
    usleep(POLL_US);
  }
}

static void run(char **argv, pid_t outsider) {
  setpgid(0, 0);
  signal(SIGTTOU, SIG_IGN);
  tcsetpgrp(2, strcmp(argv[1], "front") ? outsider : getpid());
  signal(SIGTTOU, SIG_DFL);
  execv(argv[2], argv + 2);
  _exit(97);
}

int main(int argc, char **argv) {
  if (argc < 3) return 98;
  int shared = MAP_SHARED | MAP_ANONYMOUS;
  got = mmap(NULL, SIGNALS * sizeof *got, PROT_READ | PROT_WRITE, shared, -1, 0);
  setsid();
  int terminal = posix_openpt(O_RDWR | O_NOCTTY | O_CLOEXEC);
  if (terminal < 0 || grantpt(terminal) || unlockpt(terminal)) return 96;
  int side = open(ptsname(terminal), O_RDWR);
  int errors = fcntl(2, F_DUPFD_CLOEXEC, 10);
  // Standard input is the terminal; what is printed goes where it went.
  dup2(side, 0);
  dup2(side, 2);
  close(side);
  for (unsigned i = 0; i < sizeof counted / sizeof *counted; i++) signal(counted[i], count);
  signal(SIGTTOU, SIG_IGN);
  pid_t outsider = fork();
  if (outsider == 0) {
    signal(SIGTTOU, count);
    bystander();
  }
  setpgid(outsider, outsider);
  char number[16];
  snprintf(number, sizeof number, "%d", outsider);
  setenv("OUTSIDER", number, 1);
  pid_t harness = fork();
  if (harness == 0) {
    for (unsigned i = 0; i < sizeof counted / sizeof *counted; i++) signal(counted[i], SIG_DFL);
    run(argv, outsider);
  }
  int status;
  while (waitpid(harness, &status, WNOHANG) == 0) {
    if (access("key", F_OK) == 0 && unlink("key") == 0 && write(terminal, "x\n", 2) != 2) return 95;
    usleep(POLL_US);
  }
  usleep(20000);
  kill(outsider, SIGKILL);
  printf("outside:");
  for (unsigned i = 0; i < sizeof counted / sizeof *counted; i++)
    if (got[counted[i]]) printf(" %s", sigabbrev_np(counted[i]));
  puts("");
  char text[4096];
  ssize_t length;
  fcntl(terminal, F_SETFL, O_NONBLOCK);
  while ((length = read(terminal, text, sizeof text)) > 0) (void)!write(errors, text, length);
  return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}
