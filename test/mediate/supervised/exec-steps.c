// exec-steps STEP WORD...: one step after the other. `run PATH` executes it in a child, and prints
// the child's status as waitpid(2) has it, in hexadecimal, or the error. `say FILE` makes a file,
// `await FILE` waits for one. `map FILE` maps a script and makes its first page dirty, `store TEXT`
// writes that behind its `#!` and unmaps it. With `executed` as its last word it ends at once, with
// status 7.
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#define STATUS 7

static void must(int is_fine, const char *what) {
  if (is_fine) return;
  perror(what);
  exit(9);
}

static void run(const char *path) {
  char *const arguments[] = {"executed", "executed", 0}, *const environment[] = {0};
  volatile int failed = 0;
  int status;
  pid_t child = vfork();
  if (child == 0) {
    execve(path, arguments, environment);
    failed = errno;
    _exit(1);
  }
  waitpid(child, &status, 0);
  if (failed) printf("%s\n", strerrorname_np(failed));
  else printf("%x\n", status);
  fflush(stdout);
}

static void await(const char *file) {
  while (access(file, F_OK)) usleep(1000);
}

static char *mapped;
static void map(const char *file) {
  int fd = open(file, O_RDWR);
  mapped = mmap(0, 4096, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
  must(mapped != MAP_FAILED, file);
  *(volatile char *)mapped = '#';
  close(fd);
}
static void store(const char *text) {
  memcpy(mapped + 2, text, strlen(text));
  munmap(mapped, 4096);
}

int main(int argc, char **argv) {
  if (!strcmp(argv[argc - 1], "executed")) return STATUS;
  for (int i = 1; i + 1 < argc; i += 2) {
    if (!strcmp(argv[i], "run")) run(argv[i + 1]);
    else if (!strcmp(argv[i], "await")) await(argv[i + 1]);
    else if (!strcmp(argv[i], "say")) must(creat(argv[i + 1], 0600) >= 0, argv[i + 1]);
    else if (!strcmp(argv[i], "map")) map(argv[i + 1]);
    else if (!strcmp(argv[i], "store")) store(argv[i + 1]);
    else return 98;
  }
  return 0;
}
