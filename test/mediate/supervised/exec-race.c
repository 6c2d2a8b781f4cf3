// exec-race COUNT MARKER: children execute a path that their other thread swaps between ./good and
// ./evil; what was executed says so by making MARKER-good or MARKER-evil.
#define _GNU_SOURCE
#include <fcntl.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

static char path[16] = "./good";
#define seen() __asm__ volatile("" ::: "memory")

static void *flip(void *unused) {
  for (;;) { memcpy(path, "./good", 7); seen(); memcpy(path, "./evil", 7); seen(); }
  return unused;
}

int main(int argc, char **argv) {
  const char *name = strrchr(argv[0], '/');
  if (name && (!strcmp(name, "/good") || !strcmp(name, "/evil"))) {
    int fd = open(argv[1], O_CREAT | O_WRONLY, 0600);
    return fd < 0;
  }
  long count = atol(argv[1]);
  long ended = 0;
  for (long i = 0; i < count; i++) {
    pid_t child = fork();
    if (child == 0) {
      pthread_t thread;
      pthread_create(&thread, 0, flip, 0);
      char *const good[] = {"./good", "made-good", 0};
      for (;;) execv(path, good);
    }
    int status;
    waitpid(child, &status, 0);
    if (WIFSIGNALED(status) && WTERMSIG(status) == 9) ended++;
  }
  printf("ended %ld\n", ended);
  return 0;
}
