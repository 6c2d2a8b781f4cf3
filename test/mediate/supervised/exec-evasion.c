// exec-evasion WAY TRIES: a path flips between a granted program and one that is not, mostly the
// latter, while children execute it; the one that is not tries to live on unseen in a WAY of its
// own, says `won` on its standard output, and then makes one call that counts: a file `made-PID`.
// Prints "tries N refused N".
//
//   call    makes it at once
//   fork    from a child whose parent has ended
//   thread  from a second thread, after the first one has ended
//   self    was executed by a process whose other thread kept calling while it was judged, in place of the program that this one is
#define _GNU_SOURCE
#include <fcntl.h>
#include <pthread.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#define seen() __asm__ volatile("" ::: "memory")
static char path[16] __attribute__((aligned(8))) = "./good";
static const char *way;

static void *flip(void *unused) {
  for (;;) {
    memcpy(path, "./good", 7); seen();
    for (volatile int i = 0; i < 60; i++) { }
    memcpy(path, "./evil", 7); seen();
    for (volatile int i = 0; i < 240; i++) { }
  }
  return unused;
}
static void *call(void *unused) {
  for (;;) syscall(SYS_umask, 022);
  return unused;
}

static long raw(long number, long a, long b, long c, long d) {
  long result;
  register long r10 __asm__("r10") = d;
  __asm__ volatile("syscall" : "=a"(result) : "a"(number), "D"(a), "S"(b), "d"(c), "r"(r10) : "rcx", "r11", "memory");
  return result;
}
static void effect(void) {
  char name[32];
  snprintf(name, sizeof name, "made-%d", getpid());
  raw(SYS_openat, AT_FDCWD, (long)name, O_CREAT | O_WRONLY, 0600);
  raw(SYS_exit_group, 0, 0, 0, 0);
}
static void *second(void *unused) {
  usleep(20000);
  effect();
  return unused;
}
// Statically linked: nothing is called before this.
static int evil(void) {
  if (write(1, "won\n", 4) < 0) return 1;
  if (!strcmp(way, "fork")) {
    if (raw(SYS_fork, 0, 0, 0, 0) > 0) raw(SYS_exit_group, 0, 0, 0, 0);
    usleep(20000);
  } else if (!strcmp(way, "thread")) {
    static char stack[65536] __attribute__((aligned(16)));
    int flags = CLONE_VM | CLONE_FS | CLONE_FILES | CLONE_SIGHAND | CLONE_THREAD | CLONE_SYSVSEM;
    if (clone((int (*)(void *))(void *)second, stack + sizeof stack, flags, 0) > 0) raw(SYS_exit, 0, 0, 0, 0);
  }
  effect();
  return 0;
}

// Between reading the path and ending the other threads the kernel copies this: time for their
// calls.
static char *const *long_environment(void) {
  enum { COUNT = 8, LENGTH = 100000 };
  static char *all[COUNT + 1];
  for (int i = 0; i < COUNT && !all[i]; i++) all[i] = memset(calloc(1, LENGTH + 1), 'x', LENGTH);
  return all;
}

int main(int argc, char **argv) {
  way = argc > 1 ? argv[1] : "call";
  if (argc > 2 && !strcmp(argv[2], "executed")) {
    char file[64] = "";
    // argv[0] is the same for both: which one this is the kernel says, by a call that nobody is
    // asked about.
    ssize_t n = readlink("/proc/self/exe", file, sizeof file - 1);
    if (n < 4) return 1;
    return strcmp(file + n - 4, "evil") ? 0 : evil();
  }
  long tries = atol(argv[2]), done = 0, refused = 0, ended = 0;
  int self = !strcmp(way, "self");
  while (done < tries) {
    int ends[2], status;
    if (pipe(ends)) return 96;
    pid_t child = fork();
    if (child == 0) {
      pthread_t t;
      pthread_create(&t, 0, flip, 0);
      if (self) pthread_create(&t, 0, call, 0);
      char *const arguments[] = {"program", (char *)way, "executed", 0};
      for (long mine[2] = {0, 0};;) {
        mine[0]++;
        fcntl(ends[1], F_SETFD, FD_CLOEXEC);
        if (write(ends[1], "t", 1) < 0) _exit(95);
        execve(path, arguments, self ? long_environment() : (char *const[]){0});
        if (write(ends[1], "r", 1) < 0) _exit(95);
        if (done + mine[0] >= tries) _exit(0);
      }
    }
    close(ends[1]);
    char counted[4096];
    for (ssize_t n; (n = read(ends[0], counted, sizeof counted)) > 0;)
      for (ssize_t i = 0; i < n; i++) { if (counted[i] == 't') done++; else refused++; }
    close(ends[0]);
    waitpid(child, &status, 0);
    if (WIFSIGNALED(status) && WTERMSIG(status) == 9) ended++;
  }
  printf("tries %ld refused %ld ended %ld\n", done, refused, ended);
  return 0;
}
