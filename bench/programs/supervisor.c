// supervisor continue|broker FILTER -- CMD: the least a C program must do to supervise opens,
// executions and connections. FILTER: struct sock_filter[], raw, of a supervised plan, so that both
// are asked about the same calls. continue: reads the path or address and lets the kernel go on.
// broker: acts itself as the target would, with the target's umask and credentials from /proc, its
// root and working directory: opens the file and hands it over, connects the target's own socket;
// looks a program up, and compares it with what the process is at its next call. Everything else is
// let go on. It is the yardstick of the supervised mode: same kernel work, no Cofferdam, no policy.
// One thread of the target asks at a time.
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
#include <sys/socket.h>
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
static pid_t start(const char *file, char **argv) {
  static struct sock_filter filter[BPF_MAXINSNS];
  int f = open(file, O_RDONLY | O_CLOEXEC);
  ssize_t bytes = read(f, filter, sizeof filter);
  if (bytes <= 0) fail(file);
  struct sock_fprog program = {(unsigned short)((size_t)bytes / sizeof *filter), filter};
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

// Kept open for the next call of the same process; after execve it stands for memory that is gone,
// and reads nothing.
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

// As the target: umask and ids from status; until itself() it is looked up and acted with these.
static void become(pid_t pid) {
  char status[4096];
  int s = entry(pid, "status", O_RDONLY);
  ssize_t length = read(s, status, sizeof status - 1);
  close(s);
  status[length > 0 ? length : 0] = 0;
  umask(field(status, "Umask:\t", 8));
  unsigned uid = field(status, "Uid:\t", 10), gid = field(status, "Gid:\t", 10);
  syscall(SYS_setfsgid, gid);
  syscall(SYS_setfsuid, uid);
}

static void itself(void) {
  syscall(SYS_setfsuid, 0);
  syscall(SYS_setfsgid, 0);
}

// The object that a path leads to, from the target's own root and working directory.
static int object_of(pid_t pid, const char *path) {
  int root = entry(pid, "root", O_PATH | O_DIRECTORY), cwd = entry(pid, "cwd", O_PATH | O_DIRECTORY);
  struct { uint64_t flags, mode, resolve; } how = {O_PATH | O_CLOEXEC, 0, path[0] == '/' ? 0x10 : 0};
  int object = (int)syscall(SYS_openat2, path[0] == '/' ? root : cwd, path, &how, sizeof how);
  int error = errno;
  close(root);
  close(cwd);
  errno = error;
  return object;
}

static int open_as(pid_t pid, const char *path, const struct seccomp_notif *call) {
  become(pid);
  int object = object_of(pid, path);
  char self[64];
  snprintf(self, sizeof self, "/proc/self/fd/%d", object);
  int opened = object < 0 ? -1 : open(self, (int)call->data.args[2] & ~(O_CREAT | O_NOFOLLOW));
  int error = errno;
  itself();
  if (object >= 0) close(object);
  errno = error;
  return opened;
}

static int connect_as(pid_t pid, const void *address, socklen_t length, int theirs) {
  int pidfd = (int)syscall(SYS_pidfd_open, pid, 0), socket = (int)syscall(SYS_pidfd_getfd, pidfd, theirs, 0);
  become(pid);
  int error = socket < 0 || connect(socket, address, length) ? errno : 0;
  itself();
  close(socket);
  close(pidfd);
  return error;
}

// What the last process to execute something should be by its next call.
static struct { pid_t pid; struct stat program; } executed;

static void announce(pid_t pid, const char *path) {
  become(pid);
  int object = object_of(pid, path);
  itself();
  executed.pid = object >= 0 && fstat(object, &executed.program) == 0 ? pid : 0;
  if (object >= 0) close(object);
}

static void verify(pid_t pid) {
  struct stat found;
  if (pid != executed.pid) return;
  int exe = entry(pid, "exe", O_PATH);
  if (fstat(exe, &found) || found.st_ino != executed.program.st_ino) fail("another program");
  close(exe);
  executed.pid = 0;
}

static void act(const struct seccomp_notif *call, const char *argument, struct seccomp_notif_resp *reply) {
  pid_t pid = (pid_t)call->pid;
  verify(pid);
  if (call->data.nr == SYS_execve) announce(pid, argument);
  if (call->data.nr == SYS_openat) {
    int fd = open_as(pid, argument, call);
    reply->flags = 0;
    if (ioctl(listener, SECCOMP_IOCTL_NOTIF_ID_VALID, &call->id)) return;
    struct seccomp_notif_addfd add = {.id = call->id, .srcfd = (unsigned)fd, .newfd_flags = (unsigned)call->data.args[2] & O_CLOEXEC};
    if (fd < 0) reply->error = -errno;
    else reply->val = ioctl(listener, SECCOMP_IOCTL_NOTIF_ADDFD, &add);
    if (fd >= 0) close(fd);
  }
  if (call->data.nr == SYS_connect) {
    reply->error = -connect_as(pid, argument, (socklen_t)call->data.args[2], (int)call->data.args[0]);
    reply->flags = 0;
  }
}

static void answer(const struct seccomp_notif *call, int broker) {
  struct seccomp_notif_resp reply = {.id = call->id, .flags = SECCOMP_USER_NOTIF_FLAG_CONTINUE};
  char argument[4096] = "";
  int nr = call->data.nr;
  if (nr == SYS_openat || nr == SYS_execve || nr == SYS_connect) {
    size_t length = nr == SYS_connect ? (size_t)(call->data.args[2] & 127) : 256;
    ssize_t got = read_memory((pid_t)call->pid, argument, length, call->data.args[nr == SYS_execve ? 0 : 1]);
    if (got <= 0) reply.flags = 0, reply.error = -EFAULT;
    else if (broker) act(call, argument, &reply);
  }
  ioctl(listener, SECCOMP_IOCTL_NOTIF_SEND, &reply);
}

int main(int argc, char **argv) {
  if (argc < 5 || strcmp(argv[3], "--")) return fprintf(stderr, "usage: supervisor continue|broker FILTER -- CMD\n"), 2;
  pid_t child = start(argv[2], argv + 4);
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
