// supervisor continue|broker -- CMD: the least a C program must do to supervise opens, executions and connections.
// continue: reads the path and lets the kernel go on. broker: opens the file itself as the target would and hands it over, with
// the target's umask and credentials from /proc, its root and working directory; everything else is let go on.
// It is the yardstick of the supervised mode: same kernel work, no Cofferdam. One thread of the target asks at a time.
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <poll.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

static int listener;

static void fail(const char *what) {
  perror(what);
  exit(125);
}

// The filtered child gives its listener over by sharing its table of descriptors until it executes.
static int start(char **argv) {
  struct sock_filter filter[] = {
      BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, nr)),
      BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_openat, 3, 0),
      BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_execve, 2, 0),
      BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_connect, 1, 0),
      BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
      BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_USER_NOTIF),
  };
  struct sock_fprog program = {sizeof filter / sizeof *filter, filter};
  int ends[2];
  if (pipe2(ends, O_CLOEXEC)) fail("pipe");
  pid_t child = fork();
  if (child == 0) {
    prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0);
    int fd = (int)syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, SECCOMP_FILTER_FLAG_NEW_LISTENER | SECCOMP_FILTER_FLAG_WAIT_KILLABLE_RECV, &program);
    if (fd < 0 || write(ends[1], &fd, sizeof fd) != sizeof fd) fail("seccomp");
    execvp(argv[0], argv);
    fail(argv[0]);
  }
  int theirs;
  if (read(ends[0], &theirs, sizeof theirs) != sizeof theirs) exit(125);
  int pidfd = (int)syscall(SYS_pidfd_open, child, 0);
  listener = (int)syscall(SYS_pidfd_getfd, pidfd, theirs, 0);
  if (listener < 0) fail("pidfd_getfd");
  ioctl(listener, SECCOMP_IOCTL_NOTIF_SET_FLAGS, (unsigned long)SECCOMP_USER_NOTIF_FD_SYNC_WAKE_UP);
  return child;
}

static int entry(pid_t pid, const char *name, int flags) {
  char path[64];
  snprintf(path, sizeof path, "/proc/%d/%s", pid, name);
  return open(path, flags | O_CLOEXEC);
}

// Kept open for the next call of the same process; after execve it stands for memory that is gone, and reads nothing.
static ssize_t read_memory(pid_t pid, void *to, size_t length, uint64_t at) {
  static pid_t known;
  static int memory = -1;
  ssize_t got = pid == known ? pread(memory, to, length, (off_t)at) : 0;
  if (got > 0) return got;
  if (memory >= 0) close(memory);
  known = pid;
  memory = entry(pid, "mem", O_RDONLY);
  return pread(memory, to, length, (off_t)at);
}

static unsigned field(const char *text, const char *name, int base) {
  const char *at = strstr(text, name);
  return at ? (unsigned)strtoul(at + strlen(name), NULL, base) : 0;
}

// As the target: umask and ids from status, looked up from its own root and working directory.
static int open_as(pid_t pid, const char *path, const struct seccomp_notif *call) {
  char status[4096];
  int s = entry(pid, "status", O_RDONLY);
  ssize_t length = read(s, status, sizeof status - 1);
  close(s);
  status[length > 0 ? length : 0] = 0;
  umask(field(status, "Umask:\t", 8));
  unsigned uid = field(status, "Uid:\t", 10), gid = field(status, "Gid:\t", 10);
  syscall(SYS_setfsgid, gid);
  syscall(SYS_setfsuid, uid);
  int root = entry(pid, "root", O_PATH | O_DIRECTORY), cwd = entry(pid, "cwd", O_PATH | O_DIRECTORY);
  struct { uint64_t flags, mode, resolve; } how = {O_PATH | O_CLOEXEC, 0, path[0] == '/' ? 0x10 : 0};
  int object = (int)syscall(SYS_openat2, path[0] == '/' ? root : cwd, path, &how, sizeof how);
  char self[64];
  snprintf(self, sizeof self, "/proc/self/fd/%d", object);
  int opened = object < 0 ? -1 : open(self, (int)call->data.args[2] & ~(O_CREAT | O_NOFOLLOW));
  int error = errno;
  syscall(SYS_setfsuid, 0);
  syscall(SYS_setfsgid, 0);
  if (object >= 0) close(object);
  close(root);
  close(cwd);
  errno = error;
  return opened;
}

static void answer(const struct seccomp_notif *call, int broker) {
  struct seccomp_notif_resp reply = {.id = call->id, .flags = SECCOMP_USER_NOTIF_FLAG_CONTINUE};
  char path[4096] = "";
  uint64_t at = call->data.args[call->data.nr == SYS_openat ? 1 : 0];
  if (call->data.nr != SYS_connect && read_memory((pid_t)call->pid, path, 256, at) <= 0) reply.flags = 0, reply.error = -EFAULT;
  if (broker && call->data.nr == SYS_openat) {
    int fd = open_as((pid_t)call->pid, path, call);
    reply.flags = 0;
    if (ioctl(listener, SECCOMP_IOCTL_NOTIF_ID_VALID, &call->id)) return;
    struct seccomp_notif_addfd add = {.id = call->id, .srcfd = (unsigned)fd, .newfd_flags = (unsigned)call->data.args[2] & O_CLOEXEC};
    if (fd < 0) reply.error = -errno;
    else reply.val = ioctl(listener, SECCOMP_IOCTL_NOTIF_ADDFD, &add);
    if (fd >= 0) close(fd);
  }
  ioctl(listener, SECCOMP_IOCTL_NOTIF_SEND, &reply);
}

int main(int argc, char **argv) {
  if (argc < 4 || strcmp(argv[2], "--")) return fprintf(stderr, "usage: supervisor continue|broker -- CMD\n"), 2;
  pid_t child = start(argv + 3);
  for (;;) {
    struct pollfd asked = {listener, POLLIN, 0};
    if (poll(&asked, 1, -1) < 0 || !(asked.revents & POLLIN)) break;
    struct seccomp_notif call = {0};
    if (ioctl(listener, SECCOMP_IOCTL_NOTIF_RECV, &call) == 0) answer(&call, strcmp(argv[1], "broker") == 0);
  }
  int status;
  waitpid(child, &status, 0);
  return WIFEXITED(status) ? WEXITSTATUS(status) : 125;
}
