// What a hostile process tries on what confines it. Reads lines `ACT OBJECT [NUMBER...]` and says
// after each how it went: `ok`, or the error's name. Every act that succeeds leaves its object as
// it was, or is aimed at a stand-in.
#define _GNU_SOURCE
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/kcmp.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/mount.h>
#include <sys/ptrace.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <sys/xattr.h>
#include <unistd.h>

#define CALL(name, ...) syscall(SYS_##name, ##__VA_ARGS__)
#define TRY(expression) do { if ((long)(expression) < 0) return -1; } while (0)

/* Harmless: by default it is ignored. */
enum { HARMLESS = SIGWINCH };
static const char *scratch; /* a folder that may be written */

static char *joined(const char *format, const char *a, const char *b) {
  static char buffers[4][4096];
  static unsigned next;
  char *text = buffers[next++ % 4];
  snprintf(text, sizeof buffers[0], format, a, b);
  return text;
}
static char *of_process(long pid, const char *name) {
  static char text[4096];
  snprintf(text, sizeof text, "/proc/%ld/%s", pid, name);
  return text;
}
static int closed(int fd) { if (fd >= 0) close(fd); return fd; }
static int opened(const char *path, int flags) { return closed(open(path, flags | O_CLOEXEC)); }
/* For the calls behind the open: the open's own failure is the result. */
static int with(const char *path, int flags) { return open(path, flags | O_CLOEXEC | O_NONBLOCK); }

#include "descriptors.h"

// --- processes
// -------------------------------------------------------------------------------------------------

static long signal_owner(long pid, int how) {
  int pair[2], number = (int)pid;
  struct f_owner_ex owner = {F_OWNER_PID, number};
  TRY(socketpair(AF_UNIX, SOCK_STREAM, 0, pair));
  long set = how == 0 ? fcntl(pair[0], F_SETOWN, number) : how == 1
      ? fcntl(pair[0], F_SETOWN_EX, &owner) : ioctl(pair[0], FIOSETOWN, &number);
  if (set == 0) {
    fcntl(pair[0], F_SETSIG, HARMLESS);
    fcntl(pair[0], F_SETFL, O_ASYNC);
    (void)!write(pair[1], "x", 1);
  }
  int error = errno;
  close(pair[0]);
  close(pair[1]);
  errno = error;
  return set;
}
static long trace(long pid, long request) {
  TRY(ptrace(request, pid, 0, 0));
  if (request == PTRACE_ATTACH) waitpid((pid_t)pid, NULL, __WALL);
  else { ptrace(PTRACE_INTERRUPT, pid, 0, 0); waitpid((pid_t)pid, NULL, __WALL); }
  return ptrace(PTRACE_DETACH, pid, 0, 0);
}
static long by_pidfd(const char *act, long pid, long number) {
  int fd;
  TRY(fd = (int)CALL(pidfd_open, pid, 0));
  struct iovec place = {(void *)number, 4096};
  long done = strcmp(act, "pidfd") == 0    ? CALL(pidfd_send_signal, fd, HARMLESS, 0, 0)
              : strcmp(act, "getfd") == 0  ? closed((int)CALL(pidfd_getfd, fd, number, 0))
              : strcmp(act, "advise") == 0 ? CALL(process_madvise, fd, &place, 1, MADV_COLD, 0)
                                           : CALL(setns, fd, CLONE_NEWUTS | CLONE_NEWIPC);
  int error = errno;
  close(fd);
  errno = error;
  return done;
}
static long limits(long pid) {
  struct rlimit limit;
  return CALL(prlimit64, pid, RLIMIT_CORE, NULL, &limit);
}
static long affinity(long pid) {
  cpu_set_t set;
  TRY(sched_getaffinity((pid_t)pid, sizeof set, &set));
  return sched_setaffinity((pid_t)pid, sizeof set, &set);
}
static long listed(const char *path) {
  DIR *folder = opendir(path);
  if (folder == NULL) return -1;
  struct dirent *entry = readdir(folder);
  long there = entry != NULL ? 0 : -1;
  closedir(folder);
  return there;
}
static long put(const char *path, const char *text) {
  int fd;
  TRY(fd = open(path, O_WRONLY | O_CLOEXEC));
  long done = write(fd, text, strlen(text));
  int error = errno;
  close(fd);
  errno = error;
  return done;
}

static long asked(int fd);
static long on_process(const char *act, long pid, long number, const char *word) {
  const struct sched_param plain = {0};
  unsigned long nodes = 1;
  char byte, text[16];
  struct iovec here = {&byte, 1}, there = {(void *)number, 1};
  void *head;
  size_t size;
#define IS(name) (strcmp(act, name) == 0)
  if (IS("ask-held")) return asked(HELD);
  if (IS("hand-held")) return taken(HELD);
  if (IS("signal")) return kill((pid_t)pid, HARMLESS);
  if (IS("signal-group")) return kill((pid_t)-getpgid((pid_t)pid), HARMLESS);
  if (IS("signal-thread")) return CALL(tkill, number, HARMLESS);
  if (IS("signal-by-thread")) return kill((pid_t)number, HARMLESS);
  if (IS("signal-both")) return CALL(tgkill, pid, number, HARMLESS);
  if (IS("queue")) return sigqueue((pid_t)pid, HARMLESS, (union sigval){0});
  if (IS("signal-folder")) {
    int folder = with(joined("/proc/%s%s", word, ""), O_DIRECTORY);
    TRY(folder);
    return CALL(pidfd_send_signal, folder, HARMLESS, 0, 0);
  }
  if (IS("owner")) return signal_owner(pid, 0);
  if (IS("owner-ex")) return signal_owner(pid, 1);
  if (IS("owner-ioctl")) return signal_owner(pid, 2);
  if (IS("seize")) return trace(pid, PTRACE_SEIZE);
  if (IS("attach")) return trace(pid, PTRACE_ATTACH);
  if (IS("vm-read")) return CALL(process_vm_readv, pid, &here, 1, &there, 1, 0);
  if (IS("mem")) return opened(of_process(pid, "mem"), O_RDWR);
  if (IS("environ")) return opened(of_process(pid, "environ"), O_RDONLY);
  if (IS("maps")) return opened(of_process(pid, "maps"), O_RDONLY);
  if (IS("descriptors")) return listed(of_process(pid, "fd"));
  if (IS("descriptor"))
    return opened(joined("/proc/%s/fd/%s", word,
        (snprintf(text, sizeof text, "%ld", number), text)), O_RDONLY);
  if (IS("pidfd") || IS("getfd") || IS("advise") || IS("setns")) return by_pidfd(act, pid, number);
  if (IS("kcmp")) return CALL(kcmp, pid, getpid(), KCMP_VM, 0, 0);
  if (IS("limits")) return limits(pid);
  if (IS("affinity")) return affinity(pid);
  if (IS("scheduler")) return sched_setscheduler((pid_t)pid, SCHED_OTHER, &plain);
  if (IS("nice")) return setpriority(PRIO_PROCESS, (id_t)pid, 0);
  if (IS("nice-group")) return setpriority(PRIO_PGRP, (id_t)getpgid((pid_t)pid), 0);
  if (IS("ioprio")) return CALL(ioprio_set, 1, pid, 0);
  if (IS("migrate")) return CALL(migrate_pages, pid, 2, &nodes, &nodes);
  if (IS("robust-list")) return CALL(get_robust_list, pid, &head, &size);
  if (IS("oom-score")) return put(of_process(pid, "oom_score_adj"), "1000");
  if (IS("oom-score-by-thread")) return put(of_process(number, "oom_score_adj"), "1000");
  if (IS("coredump-filter")) return put(of_process(pid, "coredump_filter"), "0x33");
  if (IS("clear-refs")) return put(of_process(pid, "clear_refs"), "1");
  errno = ENOSYS;
  return -1;
}

// --- names
// -------------------------------------------------------------------------------------------------

/* Whether the agent answers on a connection; of what it may be asked this changes nothing. */
static int asking;
static long asked(int fd) {
  static const char request[] = "GET /v1/status HTTP/1.1\r\nHost: x\r\n\r\n";
  char answer[4096] = "";
  TRY(write(fd, request, sizeof request - 1));
  TRY(read(fd, answer, sizeof answer - 1));
  if (strstr(answer, " 403 ") == NULL) return 0;
  errno = EACCES;
  return -1;
}
static long reach(const char *path, int type) {
  int fd = connected(path, type);
  TRY(fd);
  long done = asking ? asked(fd) : 0;
  int error = errno;
  close(fd);
  errno = error;
  return done;
}
static long reach_otherwise(const char *act, const char *path, int type) {
  char folder[4096], end[64];
  snprintf(folder, sizeof folder, "%s", path);
  *strrchr(folder, '/') = 0;
  const char *name = strrchr(path, '/') + 1;
  const char *link = joined("%s/%s", scratch, "link");
  if (IS("connect-here")) {
    TRY(chdir(folder));
    return reach(name, type);
  }
  if (IS("connect-link")) {
    unlink(link);
    TRY(symlink(path, link));
    return reach(link, type);
  }
  if (IS("connect-hard-link")) {
    unlink(link);
    TRY(linkat(AT_FDCWD, path, AT_FDCWD, link, 0));
    return reach(link, type);
  }
  if (IS("connect-root")) return reach(joined("/proc/self/root%s%s", path, ""), type);
  if (IS("connect-dots")) return reach(joined("%s/../..%s", "/tmp/.", path), type);
  int fd = with(folder, O_PATH);
  TRY(fd);
  snprintf(end, sizeof end, "/proc/self/fd/%d", fd);
  return reach(joined("%s/%s", end, name), type);
}
/* What comes in the place of a log's file while that is closed, again and again. Done, if one
   attempt succeeded. */
static long planted(const char *path, long times) {
  const char *mine = joined("%s/%s", scratch, "planted");
  long done = 0;
  for (long i = 0; i < times; i++) {
    closed(open(mine, O_CREAT | O_WRONLY, 0644));
    done += symlink(mine, path) == 0;
    done += link(mine, path) == 0;
    done += rename(mine, path) == 0;
    done += CALL(renameat2, AT_FDCWD, mine, AT_FDCWD, path, 2 /* RENAME_EXCHANGE */) == 0;
    done += closed(open(path, O_CREAT | O_WRONLY | O_TRUNC, 0666)) >= 0;
    done += link(path, joined("%s/%s", scratch, "kept")) == 0;
  }
  if (done == 0) errno = EACCES;
  return done > 0 ? 0 : -1;
}
static long locked(const char *path, int flags) {
  int fd = with(path, flags);
  TRY(fd);
  return closed(flock(fd, LOCK_EX | LOCK_NB) < 0 ? -1 : fd);
}
static long mapped(const char *path) {
  int fd = with(path, O_RDWR);
  TRY(fd);
  void *memory = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
  close(fd);
  return memory == MAP_FAILED ? -1 : munmap(memory, 4096);
}
static long moved(const char *path) {
  const char *there = joined("%s/%s", scratch, "moved");
  TRY(rename(path, there));
  return rename(there, path);
}
static long replaced(const char *path) {
  const char *mine = joined("%s/%s", scratch, "mine");
  TRY(closed(open(mine, O_CREAT | O_WRONLY, 0644)));
  return rename(mine, path);
}
static long linked(const char *path) {
  const char *mine = joined("%s/%s", scratch, "hard");
  unlink(mine);
  return link(path, mine);
}
static long mounted(const char *path) {
  TRY(mount(scratch, path, NULL, MS_BIND, NULL));
  return umount2(path, MNT_DETACH);
}

static long on_name(const char *act, const char *path, long number) {
  const struct timespec now[2] = {{0, UTIME_NOW}, {0, UTIME_NOW}};
  if (IS("read")) return opened(path, O_RDONLY);
  if (IS("list")) return listed(path);
  if (IS("write")) return opened(path, O_WRONLY);
  if (IS("append")) return opened(path, O_WRONLY | O_APPEND);
  if (IS("empty")) return truncate(path, 0);
  if (IS("empty-open")) return opened(path, O_WRONLY | O_TRUNC);
  if (IS("lock")) return locked(path, O_RDONLY);
  if (IS("lock-for-writing")) return locked(path, O_RDWR);
  if (IS("map")) return mapped(path);
  if (IS("move")) return moved(path);
  if (IS("replace")) return replaced(path);
  if (IS("link")) return linked(path);
  if (IS("mode")) return chmod(path, 0777);
  if (IS("owner-of")) return chown(path, 0, 0);
  if (IS("times")) return utimensat(AT_FDCWD, path, now, 0);
  if (IS("attribute")) return setxattr(path, "user.x", "x", 1, 0);
  if (IS("mount")) return mounted(path);
  if (IS("make")) return closed(open(path, O_CREAT | O_EXCL | O_WRONLY, 0644));
  if (IS("make-folder")) return mkdir(path, 0755);
  if (IS("make-link")) return symlink("superDom 0 sealed enforcing 1 1 1 live", path);
  if (IS("remove")) return unlink(path);
  if (IS("remove-folder")) return rmdir(path);
  if (IS("put")) return put(path, "0");
  if (IS("plant")) return planted(path, number > 0 ? number : 1);
  if (IS("pass")) return passed(path, SOCK_STREAM);
  if (IS("pass-packets")) return passed(path, SOCK_SEQPACKET);
  if (IS("connect")) return reach(path, SOCK_STREAM);
  if (IS("connect-packets")) return reach(path, SOCK_SEQPACKET);
  asking = strncmp(act, "ask-", 4) == 0;
  if (asking)
    return reach_otherwise(strcmp(act, "ask-root") == 0 ? "connect-root"
        : "connect-descriptor", path, SOCK_STREAM);
  if (strncmp(act, "connect-", 8) == 0)
    return reach_otherwise(act, path, strstr(path, "mediator") ? SOCK_SEQPACKET : SOCK_STREAM);
  errno = ENOSYS;
  return -1;
}

// --- the stand-in
// -------------------------------------------------------------------------------------------------

static long serve(const char *path) {
  struct sockaddr_un name = {AF_UNIX, ""};
  int fd = socket(AF_UNIX, strstr(path, "mediator") ? SOCK_SEQPACKET : SOCK_STREAM, 0);
  strncpy(name.sun_path, path, sizeof name.sun_path - 1);
  TRY(bind(fd, (void *)&name, sizeof name));
  return listen(fd, 64);
}
static void *wait_for_ever(void *unused) {
  for (;;) pause();
  return unused;
}

int main(int count, char **words) {
  /* --connected SOCKET COMMAND...: becomes the command, with a connection to the socket left
     open. */
  if (count > 3 && strcmp(words[1], "--connected") == 0) {
    int fd = connected(words[2], strstr(words[2], "mediator") ? SOCK_SEQPACKET : SOCK_STREAM);
    if (fd < 0 || dup2(fd, HELD) < 0) return 3;
    execv(words[3], words + 3);
    return 4;
  }
  char line[4096];
  pthread_t second;
  scratch = count > 1 ? words[1] : "/nowhere";
  /* A descriptor that another process could take. */
  (void)!open("/dev/null", O_RDONLY);
  pthread_create(&second, NULL, wait_for_ever, NULL);
  setvbuf(stdout, NULL, _IOLBF, 0);
  printf("ready %d\n", getpid());
  while (fgets(line, sizeof line, stdin) != NULL) {
    char act[64], object[4096];
    long number = 0;
    if (sscanf(line, "%63s %4095s %ld", act, object, &number) < 2) return 2;
    errno = 0;
    long done = IS("serve") ? serve(object) : object[0] == '/' ? on_name(act, object, number)
        : on_process(act, atol(object), number, object);
    printf("%s\n", done >= 0 ? "ok" : strerrorname_np(errno));
  }
  return 0;
}
