// Threads and processes that open one file again and again, and fork meanwhile:
//   crowd FILE
// Answers each line of its standard input with the opens that were granted and that were refused
// during the next moment: `GRANTED REFUSED`; the line `all` with those since its start.
#define _GNU_SOURCE
#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

enum { PROCESSES = 2, THREADS = 1, MOMENT_US = 300000 };

static struct {
  volatile unsigned long granted, refused;
} *seen;
static const char *name;

static void *look(void *unused) {
  for (;;) {
    int fd = open(name, O_RDONLY);
    __sync_fetch_and_add(fd < 0 ? &seen->refused : &seen->granted, 1);
    if (fd >= 0) close(fd);
    // Programs are exchanged only when every task has given its processor up.
    usleep(100);
  }
  return unused;
}

static void start_threads(void) {
  pthread_t thread;
  for (int i = 0; i < THREADS; i++)
    if (pthread_create(&thread, 0, look, 0)) exit(1);
}

// A child that lives only a moment, and whose own child goes on.
static _Noreturn void fork_on(void) {
  prctl(PR_SET_PDEATHSIG, SIGKILL);
  start_threads();
  for (;;) {
    pid_t child = fork();
    if (child == 0) {
      int fd = open(name, O_RDONLY);
      __sync_fetch_and_add(fd < 0 ? &seen->refused : &seen->granted, 1);
      _exit(0);
    }
    if (child > 0) waitpid(child, 0, 0);
    usleep(1000);
  }
}

int main(int argc, char **argv) {
  char line[64];
  if (argc != 2) return 2;
  name = argv[1];
  seen = mmap(0, 4096, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
  for (int i = 0; i < PROCESSES; i++)
    if (fork() == 0) fork_on();
  start_threads();
  while (fgets(line, sizeof line, stdin)) {
    unsigned long granted = 0, refused = 0;
    if (strcmp(line, "all\n") != 0) {
      granted = seen->granted;
      refused = seen->refused;
      usleep(MOMENT_US);
    }
    printf("%lu %lu\n", seen->granted - granted, seen->refused - refused);
    fflush(stdout);
  }
  return 0;
}
