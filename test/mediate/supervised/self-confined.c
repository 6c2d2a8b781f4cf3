// self-confined WAY: processes of one domain ask for a directory each, some of them below a
// confinement that forbids it. Prints "NAME: result" for each. What only the mediator would do for
// a confined one is what must not be done.
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <linux/landlock.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

static int refused, made;

static int make(const char *name) {
  char path[64];
  snprintf(path, sizeof path, "open/%s", name);
  return mkdir(path, 0700) == 0 ? 0 : errno;
}
static void ask(const char *name) {
  int error = make(name);
  printf("%s: %s\n", name, error ? strerrorname_np(error) : "made");
  fflush(stdout);
}
static void confine(void) {
  struct landlock_ruleset_attr a = {.handled_access_fs = LANDLOCK_ACCESS_FS_MAKE_DIR};
  int ruleset = syscall(SYS_landlock_create_ruleset, &a, sizeof a, 0);
  if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0)) exit(9);
  if (syscall(SYS_landlock_restrict_self, ruleset, 0)) exit(9);
}
static pid_t child(void) {
  pid_t c = fork();
  if (c < 0) exit(8);
  return c;
}
static void until_ended(pid_t c) {
  while (waitpid(c, NULL, 0) < 0 && errno == EINTR) continue;
}
static void until_orphan(pid_t parent) {
  while (getppid() == parent) usleep(500);
}
static void until(const char *name) {
  while (access(name, F_OK)) usleep(500);
}
// Asks in a child of its own, which has ended when this returns.
static void as_child(const char *name) {
  pid_t c = child();
  if (c == 0) { ask(name); _exit(0); }
  until_ended(c);
}
static void *thread(void *name) { ask(name); return NULL; }
static void *confiner(void *none) { confine(); return none; }
static void as_thread(void *(*what)(void *), void *argument) {
  pthread_t t;
  if (pthread_create(&t, NULL, what, argument)) exit(7);
  pthread_join(t, NULL);
}

// In a process that confined itself.
static void confined(const char *way) {
  pid_t self = getpid();
  if (!strcmp(way, "child")) as_child("child");
  else if (!strcmp(way, "vfork")) { if (vfork() == 0) { ask("vforked"); _exit(0); } }
  else if (!strcmp(way, "thread")) as_thread(thread, "thread");
  else if (!strcmp(way, "exec")) {
    execl("/proc/self/exe", "self-confined", "ask", NULL);
    _exit(6);
  }
  else if (!strcmp(way, "parent")) {
    pid_t c = syscall(SYS_clone, CLONE_PARENT | SIGCHLD, 0, 0, 0, 0);
    if (c == 0) { ask("brother"); _exit(0); }
    printf("brother: %s\n", c < 0 ? strerrorname_np(errno) : "born");
    fflush(stdout);
  } else if (!strcmp(way, "orphan") || !strcmp(way, "adopted")) {
    // Its parent ends first.
    if (child() == 0) { until_orphan(self); ask("orphan"); as_child("of-orphan"); _exit(0); }
    _exit(0);
  } else if (!strcmp(way, "double")) {
    pid_t middle = child();
    if (middle == 0) {
      pid_t parent = getpid();
      if (child() == 0) { until_orphan(parent); ask("grandchild"); _exit(0); }
      _exit(0);
    }
    until_ended(middle);
  } else ask("itself");
}

int main(int argc, char **argv) {
  const char *way = argc > 1 ? argv[1] : "";
  // What executes keeps this.
  if (!strcmp(way, "adopting") && prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0) == 0)
    execv(argv[2], argv + 2);
  if (argc != 2) return 1;
  if (!strcmp(way, "ask")) { ask("executed"); return 0; }
  usleep(30000); // out of the tick in which it began
  if (!strcmp(way, "adopted")) prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0);
  if (!strcmp(way, "race")) {
    // A child that is born as soon as its parent is confined, and asks when that is gone.
    for (int i = 0; i < 200; i++) {
      int told[2];
      if (pipe(told)) return 5;
      pid_t c = child();
      if (c == 0) {
        pid_t self = getpid();
        confine();
        if (child() != 0) _exit(0);
        if (i % 2) until_orphan(self);
        char result = make("raced");
        _exit(write(told[1], &result, 1) != 1);
      }
      until_ended(c);
      char result = 0;
      if (read(told[0], &result, 1) != 1) return 4;
      close(told[0]); close(told[1]);
      if (result) refused++; else made++;
      rmdir("open/raced");
    }
    printf("refused %d made %d\n", refused, made);
    ask("parent");
    return 0;
  }
  int born[2], living[2];
  if (pipe(born) || pipe(living)) return 3;
  pid_t c = child();
  if (c == 0) {
    pid_t before = 0;
    if (!strcmp(way, "before") && (before = child()) == 0) {
      char t;
      if (read(born[0], &t, 1) != 1) _exit(1);
      ask("born-before");
      _exit(0);
    }
    usleep(30000);
    if (!strcmp(way, "another")) as_thread(confiner, NULL); else confine();
    if (before) { if (write(born[1], "x", 1) != 1) _exit(1); until_ended(before); }
    if (!strcmp(way, "levels")) {
      if (syscall(SYS_clone, CLONE_PARENT | SIGCHLD, 0, 0, 0, 0) == 0) {
        until("go");
        ask("brother");
        _exit(0);
      }
      _exit(0);
    }
    confined(way);
    _exit(0);
  }
  until_ended(c);
  close(living[1]);
  if (!strcmp(way, "levels")) {
    open("ready", O_CREAT | O_WRONLY, 0600);
    until("go");
    until_ended(-1);
  }
  else { char end; if (read(living[0], &end, 1) != 0) return 2; } // until no process of it is left
  ask("parent");
  as_child("sibling");
  return 0;
}
