// exec-conforms WHAT: what a program notices of its executions. In the working directory lie
// `program`, this very program, and `script`, whose interpreter it is. When executed it says
// whether anybody traces it, and whether it may ask to be, and ends with status 7.
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/ptrace.h>
#include <sys/wait.h>
#include <unistd.h>

#define STATUS 7
#define FAILURES 400
#define SIGNALS 2000
#define ROUNDS 40
#define THREADS 16
#define CROWD 300

static char *const executed[] = {"program", "executed", 0};
static char *const quiet[] = {"program", "quiet", 0};
static char *const none[] = {0};
// One argument of more than the kernel takes (MAX_ARG_STRLEN): the path is judged, then it fails.
static char *too_long[] = {"program", 0, 0};

static void print_tracer(void) {
  char text[8192];
  int fd = open("/proc/self/status", O_RDONLY);
  ssize_t n = read(fd, text, sizeof text - 1);
  text[n < 0 ? 0 : n] = 0;
  char *line = strstr(text, "TracerPid:");
  printf("traced by %d\n", line ? atoi(line + 10) : -1);
  fflush(stdout);
}
static int fails(long count) {
  int other = 0;
  for (long i = 0; i < count; i++) {
    int failed = execve("./program", too_long, none) == -1;
    if (!failed || (errno != E2BIG && errno != EINTR)) other++;
  }
  return other;
}
static int ended(pid_t child) {
  int status = -1;
  waitpid(child, &status, 0);
  return status;
}

static void failing(void) {
  printf("other errors %d\n", fails(FAILURES));
  print_tracer();
  execve("./none", executed, none);
  printf("missing: %s\n", strerror(errno));
  fflush(stdout);
  execve("./program", executed, none);
}

static volatile long handled;
static void handle(int number) { handled++; }
static void signals(void) {
  pid_t self = getpid();
  sigaction(SIGRTMIN, &(struct sigaction){.sa_handler = handle}, 0);
  pid_t sender = fork();
  if (sender == 0) {
    for (int i = 0; i < SIGNALS; i++) {
      while (sigqueue(self, SIGRTMIN, (union sigval){0})) usleep(100);
      usleep(50);
    }
    _exit(0);
  }
  long failed = 0;
  int other = 0;
  while (waitpid(sender, 0, WNOHANG) == 0) { other += fails(1); failed++; }
  for (int i = 0; i < 50; i++) usleep(1000);
  printf("signals %ld, other errors %d, enough %d\n", handled, other, failed > 10);
}

static void stops(void) {
  pid_t self = getpid(), sender = fork();
  if (sender == 0) {
    for (int i = 0; i < 300; i++) {
      kill(self, SIGSTOP);
      usleep(500);
      kill(self, SIGCONT);
      usleep(500);
    }
    _exit(0);
  }
  int other = 0;
  for (long i = 0; waitpid(sender, 0, WNOHANG) == 0; i++) {
    other += fails(1);
    pid_t child = vfork();
    if (child == 0) { execve("./program", quiet, none); _exit(99); }
    if (ended(child) != STATUS << 8) other++;
  }
  printf("other results %d\n", other);
}

// A child that is stopped while it executes: its parent sees it stop, go on and end.
static void stopped_children(void) {
  int strange = 0, stops = 0, continues = 0;
  for (int i = 0; i < 100; i++) {
    pid_t child = fork();
    if (child == 0) {
      fails(20);
      execve("./program", quiet, none);
      _exit(99);
    }
    usleep(rand() % 3000);
    kill(child, SIGSTOP);
    for (int status;;) {
      if (waitpid(child, &status, WUNTRACED | WCONTINUED) != child) break;
      if (WIFCONTINUED(status)) continues++;
      if (WIFCONTINUED(status)) continue;
      if (WIFSTOPPED(status)) {
        if (WSTOPSIG(status) != SIGSTOP) strange++;
        stops++;
        kill(child, SIGCONT);
        continue;
      }
      if (status != STATUS << 8) strange++;
      break;
    }
  }
  printf("strange %d, stopped %d, continued %d\n", strange, stops > 50, continues > 10);
}

static volatile int go;
static void *race(void *unused) { while (!go) { } execve("./program", quiet, none); return unused; }
static void together(void) {
  int other = 0;
  for (int round = 0; round < ROUNDS; round++) {
    pid_t child = fork();
    if (child == 0) {
      pthread_t t;
      for (int i = 0; i < THREADS; i++) pthread_create(&t, 0, race, 0);
      usleep(2000);
      go = 1;
      for (;;) pause();
    }
    if (ended(child) != STATUS << 8) other++;
  }
  printf("other results %d\n", other);
}

static void *execute(void *unused) { execve("./program", executed, none); _exit(98); }
static void by_thread(void) {
  pthread_t t;
  pthread_create(&t, 0, execute, 0);
  for (;;) pause();
}

static void by_vfork(void) {
  for (int i = 0; i < 3; i++) {
    pid_t child = vfork();
    if (child == 0) { execve(i == 1 ? "./script" : "./program", executed, none); _exit(97); }
    printf("status %x\n", ended(child));
    fflush(stdout);
  }
}

static void traced(void) {
  pid_t child = fork();
  if (child == 0) {
    if (ptrace(PTRACE_TRACEME, 0, 0, 0)) _exit(1);
    execve("./program", executed, none);
    printf("traced: %s\n", strerror(errno));
    fflush(stdout);
    _exit(0);
  }
  for (int status; waitpid(child, &status, 0) == child && WIFSTOPPED(status);)
    ptrace(PTRACE_CONT, child, 0, 0);
}

// Writes its process id into `ready`, waits for a file called `go`, then executes.
static void waits(void) {
  int ready = open("ready", O_CREAT | O_WRONLY, 0600);
  dprintf(ready, "%d\n", getpid());
  close(ready);
  while (access("go", F_OK)) usleep(1000);
  execve("./program", executed, none);
  printf("refused: %s\n", strerror(errno));
}

// More processes than a mediator has room for calls.
static void crowd(void) {
  pid_t children[CROWD];
  int ends[2], other = 0;
  char byte;
  if (pipe(ends)) return;
  for (int i = 0; i < CROWD; i++) {
    children[i] = fork();
    if (children[i]) continue;
    close(ends[1]);
    if (read(ends[0], &byte, 1) == 0) execve("./program", quiet, none);
    _exit(98);
  }
  close(ends[1]);
  for (int i = 0; i < CROWD; i++) if (ended(children[i]) != STATUS << 8) other++;
  printf("other results %d\n", other);
}

// Until the harness says that it is over.
static volatile int over;
static void note_end(int number) { over = 1; }
static void again(void) {
  int other = 0;
  signal(SIGUSR1, note_end);
  while (!over) {
    pid_t child = vfork();
    if (child == 0) { execve("./program", quiet, none); _exit(99); }
    int status = ended(child);
    if (status != STATUS << 8 && status != 99 << 8) other++;
  }
  printf("other results %d\n", other);
}

int main(int argc, char **argv) {
  const char *what = argc > 1 ? argv[1] : "";
  if (strstr(argv[0], "program") && argc > 2 && strstr(argv[2], "executed")) what = "executed";
  if (!strcmp(what, "quiet")) return STATUS;
  if (!strcmp(what, "executed") || strstr(what, "script")) {
    print_tracer();
    if (strcmp(what, "executed")) return STATUS;
    printf("may be traced %d\n", ptrace(PTRACE_TRACEME, 0, 0, 0) == 0);
    return STATUS;
  }
  static char text[200000];
  memset(text, 'x', sizeof text - 1);
  too_long[1] = text;
  if (!strcmp(what, "failing")) failing();
  if (!strcmp(what, "signals")) signals();
  if (!strcmp(what, "stops")) stops();
  if (!strcmp(what, "stopped-children")) stopped_children();
  if (!strcmp(what, "together")) together();
  if (!strcmp(what, "thread")) by_thread();
  if (!strcmp(what, "vfork")) by_vfork();
  if (!strcmp(what, "traced")) traced();
  if (!strcmp(what, "waits")) waits();
  if (!strcmp(what, "crowd")) crowd();
  if (!strcmp(what, "again")) again();
  return 0;
}
