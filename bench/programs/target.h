// What every C supervisor here does: starts a program under a plan's filter and holds its listener;
// reads the target's memory; takes its credentials; looks names up as the target would.
#pragma once
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <linux/capability.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <poll.h>
#include <signal.h>
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

#define GROUPS_MAX 64

static int listener;
// Of this process; what the target has too is not taken.
static struct __user_cap_data_struct own_capabilities[2];
static gid_t own_groups[GROUPS_MAX];
static int own_group_count;

static void fail(const char *what) {
  perror(what);
  exit(125);
}

static void remember_own_credentials(void) {
  struct __user_cap_header_struct own = {_LINUX_CAPABILITY_VERSION_3, 0};
  if (syscall(SYS_capget, &own, own_capabilities)) fail("capget");
  own_group_count = getgroups(GROUPS_MAX, own_groups);
  if (own_group_count < 0) fail("getgroups");
}

// The filtered child says which descriptor its listener is, and executes once that is copied: the
// listener is closed by execve, which not every filter asks about.
static pid_t start(const char *file, char **argv) {
  static struct sock_filter filter[BPF_MAXINSNS];
  int f = open(file, O_RDONLY | O_CLOEXEC);
  ssize_t bytes = read(f, filter, sizeof filter);
  if (bytes <= 0) fail(file);
  struct sock_fprog program = {(unsigned short)((size_t)bytes / sizeof *filter), filter};
  int ends[2], taken[2];
  char word = 0;
  if (pipe2(ends, O_CLOEXEC) || pipe2(taken, O_CLOEXEC)) fail("pipe");
  remember_own_credentials();
  pid_t child = fork();
  if (child == 0) {
    // Without its supervisor none of its calls is answered.
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0);
    unsigned flags = SECCOMP_FILTER_FLAG_NEW_LISTENER | SECCOMP_FILTER_FLAG_WAIT_KILLABLE_RECV;
    int fd = (int)syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, flags, &program);
    if (fd < 0 || write(ends[1], &fd, sizeof fd) != sizeof fd) fail("seccomp");
    if (read(taken[0], &word, 1) != 1) fail("the supervisor");
    execvp(argv[0], argv);
    fail(argv[0]);
  }
  int theirs;
  if (read(ends[0], &theirs, sizeof theirs) != sizeof theirs) exit(125);
  int pidfd = (int)syscall(SYS_pidfd_open, child, 0);
  listener = (int)syscall(SYS_pidfd_getfd, pidfd, theirs, 0);
  if (listener < 0 || write(taken[1], &word, 1) != 1) fail("pidfd_getfd");
  unsigned long wake_up = SECCOMP_USER_NOTIF_FD_SYNC_WAKE_UP;
  ioctl(listener, SECCOMP_IOCTL_NOTIF_SET_FLAGS, wake_up);
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

static const char *field(const char *text, const char *name) {
  const char *at = strstr(text, name);
  return at ? at + strlen(name) : "";
}

// Supplementary groups, where they are others than this process has.
static void take_groups(const char *line) {
  gid_t groups[GROUPS_MAX];
  int count = 0;
  char *end;
  for (; count < GROUPS_MAX && *line != '\n'; count++, line = end) {
    groups[count] = (gid_t)strtoul(line, &end, 10);
    if (end == line) break;
  }
  if (count == own_group_count && !memcmp(groups, own_groups, (size_t)count * sizeof *groups))
    return;
  syscall(SYS_setgroups, count, groups);
}

static void set_capabilities(uint64_t effective) {
  struct __user_cap_header_struct own = {_LINUX_CAPABILITY_VERSION_3, 0};
  struct __user_cap_data_struct data[2] = {own_capabilities[0], own_capabilities[1]};
  data[0].effective = (uint32_t)effective & own_capabilities[0].permitted;
  data[1].effective = (uint32_t)(effective >> 32) & own_capabilities[1].permitted;
  syscall(SYS_capset, &own, data);
}

// As the target: umask, ids, groups and effective capabilities from status; until itself() names
// are looked up and acts done with these.
static void become(pid_t pid) {
  char status[4096];
  int s = entry(pid, "status", O_RDONLY);
  ssize_t length = read(s, status, sizeof status - 1);
  close(s);
  status[length > 0 ? length : 0] = 0;
  umask((mode_t)strtoul(field(status, "Umask:\t"), NULL, 8));
  take_groups(field(status, "Groups:\t"));
  syscall(SYS_setfsgid, strtoul(field(status, "Gid:\t"), NULL, 10));
  syscall(SYS_setfsuid, strtoul(field(status, "Uid:\t"), NULL, 10));
  set_capabilities(strtoull(field(status, "CapEff:\t"), NULL, 16));
}

static void itself(void) {
  syscall(SYS_setfsuid, geteuid());
  syscall(SYS_setfsgid, getegid());
  syscall(SYS_capset, &(struct __user_cap_header_struct){_LINUX_CAPABILITY_VERSION_3, 0},
          own_capabilities);
  syscall(SYS_setgroups, own_group_count, own_groups);
}

// The object that a path leads to, from the target's own root and working directory.
static int object_of(pid_t pid, const char *path) {
  int root = entry(pid, "root", O_PATH | O_DIRECTORY),
      cwd = entry(pid, "cwd", O_PATH | O_DIRECTORY);
  struct {
    uint64_t flags, mode, resolve;
  } how = {O_PATH | O_CLOEXEC, 0, path[0] == '/' ? 0x10 : 0};
  int from = path[0] == '/' ? root : cwd;
  int object = (int)syscall(SYS_openat2, from, path, &how, sizeof how);
  int error = errno;
  close(root);
  close(cwd);
  errno = error;
  return object;
}

static int open_as(pid_t pid, const char *path, int flags) {
  become(pid);
  int object = object_of(pid, path);
  char self[64];
  snprintf(self, sizeof self, "/proc/self/fd/%d", object);
  int opened = object < 0 ? -1 : open(self, flags & ~O_NOFOLLOW);
  int error = errno;
  itself();
  if (object >= 0) close(object);
  errno = error;
  return opened;
}

// The target gets a copy of `fd`, which is closed here, or the error that there is none by.
static void give(uint64_t id, int fd, int flags, struct seccomp_notif_resp *reply) {
  reply->error = fd < 0 ? -errno : 0;
  struct seccomp_notif_addfd add = {
      .id = id, .srcfd = (unsigned)fd, .newfd_flags = (unsigned)flags & O_CLOEXEC};
  if (fd < 0 || ioctl(listener, SECCOMP_IOCTL_NOTIF_ID_VALID, &id)) return;
  reply->val = ioctl(listener, SECCOMP_IOCTL_NOTIF_ADDFD, &add);
  close(fd);
}
