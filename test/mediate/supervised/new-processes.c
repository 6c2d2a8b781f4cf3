// new-processes groups GROUP FILE | unshare|clone|clone3 0 FILE: what new processes of a domain are
// taken for, each of which opens FILE. `groups`: as nobody, with the groups of their parent, which
// has the group GROUP in between only. The others: one process gets a mount namespace of its own in
// that way. It says so by the file `ready` and waits for `go`; then its child opens FILE, and one
// of the first process's.
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <linux/sched.h>
#include <sched.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

enum { NOBODY = 65534, OFTEN = 4 };
static const char *file;

static void must(long result, const char *what) {
  if (result >= 0) return;
  perror(what);
  exit(9);
}
static void look(const char *who) {
  int fd = open(file, O_RDONLY);
  printf("%s: %s\n", who, fd < 0 ? strerrorname_np(errno) : "opened");
  fflush(stdout);
  _exit(0);
}
static void await_child(pid_t child) {
  must(child, "fork");
  must(waitpid(child, NULL, 0), "wait");
}
static void child_as_nobody(const char *who) {
  pid_t child = fork();
  if (child == 0) {
    must(syscall(SYS_setresgid, NOBODY, NOBODY, NOBODY), "setresgid");
    must(syscall(SYS_setresuid, NOBODY, NOBODY, NOBODY), "setresuid");
    look(who);
  }
  await_child(child);
}
static int groups(gid_t group) {
  for (int time = 0; time < OFTEN; time++) child_as_nobody("without");
  must(syscall(SYS_setgroups, 1, &group), "setgroups");
  child_as_nobody("with");
  must(syscall(SYS_setgroups, 0, NULL), "setgroups");
  child_as_nobody("without");
  return 0;
}

static void child(const char *who) {
  pid_t one = fork();
  if (one == 0) look(who);
  await_child(one);
}
static void await_go(void) {
  must(creat("ready", 0600), "ready");
  while (access("go", F_OK)) usleep(1000);
}
static pid_t own_namespace(const char *way) {
  struct clone_args args = {.flags = CLONE_NEWNS, .exit_signal = SIGCHLD};
  if (!strcmp(way, "clone3")) return (pid_t)syscall(SYS_clone3, &args, sizeof args);
  if (!strcmp(way, "clone"))
    return (pid_t)syscall(SYS_clone, CLONE_NEWNS | SIGCHLD, NULL, NULL, NULL, NULL);
  pid_t one = fork();
  if (one == 0) must(unshare(CLONE_NEWNS), "unshare");
  return one;
}

int main(int argc, char **argv) {
  if (argc < 4) return 98;
  file = argv[3];
  if (!strcmp(argv[1], "groups")) return groups((gid_t)atoi(argv[2]));
  for (int time = 0; time < OFTEN; time++) child("before");
  pid_t apart = own_namespace(argv[1]);
  must(apart, argv[1]);
  if (apart == 0) {
    await_go();
    child("apart");
    _exit(0);
  }
  await_child(apart);
  child("in common");
  return 0;
}
