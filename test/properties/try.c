// Tries what it reads, one line each, and prints what the kernel said: `0` or an errno's name. It
// knows no policy.
//   OPERATION [ARGUMENT [ARGUMENT]]      e.g. `read /etc/shadow`, `kill 42`; %20 is a space
//   HOW... try OPERATION ...             the same in a descendant made that way: fork, vfork,
// thread, double-fork, setsid, exec, daemon
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <arpa/inet.h>
#include <linux/openat2.h>
#include <poll.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/ipc.h>
#include <sys/mman.h>
#include <sys/msg.h>
#include <sys/prctl.h>
#include <sys/ptrace.h>
#include <sys/resource.h>
#include <sys/sem.h>
#include <sys/shm.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <termios.h>
#include <unistd.h>

static int opened(const char *name, int flags) {
  int fd = open(name, flags | O_NONBLOCK, 0600);
  return fd < 0 ? -1 : close(fd);
}
static int opened_by_how(const char *name) {
  struct open_how how = {.flags = O_RDONLY | O_NONBLOCK};
  int fd = (int)syscall(SYS_openat2, AT_FDCWD, name, &how, sizeof how);
  return fd < 0 ? -1 : close(fd);
}
static int writable_code(void) {
  void *at = mmap(0, 4096, PROT_READ | PROT_WRITE | PROT_EXEC, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  return at == MAP_FAILED ? -1 : munmap(at, 4096);
}
// Whether the kernel keeps this process from making code (PR_GET_MDWE).
static int fixed_code(void) {
  int is_fixed = prctl(66, 0, 0, 0, 0);
  if (is_fixed == 0) errno = ENODATA;
  return is_fixed == 1 ? 0 : -1;
}
static int map_descriptor(int fd) {
  void *at = mmap(0, 4096, PROT_READ | PROT_EXEC, MAP_PRIVATE, fd, 0);
  return at == MAP_FAILED ? -1 : munmap(at, 4096);
}
static int map_file(const char *name) {
  int fd = open(name, O_RDONLY);
  if (fd < 0) return -1;
  int got = map_descriptor(fd), why = errno;
  close(fd);
  errno = why;
  return got;
}
static int map_memory(void) {
  int fd = memfd_create("code", 0), got = fd < 0 || ftruncate(fd, 4096) ? -1 : map_descriptor(fd);
  close(fd);
  return got;
}
enum { EXCHANGED = 100, EXCHANGES_MAX = 100000 };
static volatile int exchanging;
static int turns[2];
static void *exchange(void *unused) {
  for (int i = 0; exchanging; i++) dup2(turns[i % 2], EXCHANGED);
  return unused;
}
// Maps the second file by a descriptor that another thread gives it and the first in turn. 0 once
// the second was mapped, whose first byte is an F.
static int map_exchanged(const char *first, const char *second) {
  pthread_t t;
  int why = 0, got = -1;
  turns[0] = open(first, O_RDONLY);
  turns[1] = open(second, O_RDONLY);
  if (turns[0] < 0 || turns[1] < 0 || dup2(turns[0], EXCHANGED) < 0) return -1;
  exchanging = 1;
  if (pthread_create(&t, 0, exchange, 0)) return -1;
  for (int i = 0; i < EXCHANGES_MAX && got < 0; i++) {
    char *at = mmap(0, 4096, PROT_READ | PROT_EXEC, MAP_PRIVATE, EXCHANGED, 0);
    if (at == MAP_FAILED) why = errno;
    else if (*at == 'F') got = 0;
    if (at != MAP_FAILED) munmap(at, 4096);
    // Without the word every try is refused.
    if (why == EPERM) break;
  }
  exchanging = 0;
  pthread_join(t, 0);
  errno = why;
  return got;
}
static int execute(const char *name) {
  int status;
  pid_t child = fork();
  if (child == 0) {
    execl(name, name, (char *)0);
    _exit(errno);
  }
  if (waitpid(child, &status, 0) < 0) return -1;
  errno = WEXITSTATUS(status);
  return errno == 0 ? 0 : -1;
}
static int tcp(const char *port) {
  struct sockaddr_in to =
      {.sin_family = AF_INET, .sin_port = htons((uint16_t)atoi(port)),
      .sin_addr = {htonl(INADDR_LOOPBACK)}};
  int s = socket(AF_INET, SOCK_STREAM, 0);
  return s < 0 ? -1 : connect(s, (void *)&to, sizeof to);
}
static int udp(const char *port) {
  struct sockaddr_in to =
      {.sin_family = AF_INET, .sin_port = htons((uint16_t)atoi(port)),
      .sin_addr = {htonl(INADDR_LOOPBACK)}};
  int s = socket(AF_INET, SOCK_DGRAM, 0);
  return s < 0 ? -1 : (int)sendto(s, "x", 1, 0, (void *)&to, sizeof to);
}
static int unix_socket(const char *name, int bind_it) {
  struct sockaddr_un a = {.sun_family = AF_UNIX};
  strncpy(a.sun_path, name, sizeof a.sun_path - 1);
  int s = socket(AF_UNIX, SOCK_STREAM, 0);
  if (s < 0) return -1;
  return bind_it ? bind(s, (void *)&a, sizeof a) : connect(s, (void *)&a, sizeof a);
}
static int ptraced(pid_t p) {
  if (ptrace(PTRACE_SEIZE, p, 0, 0) < 0) return -1;
  ptrace(PTRACE_INTERRUPT, p, 0, 0);
  waitpid(p, 0, __WALL);
  ptrace(PTRACE_DETACH, p, 0, 0);
  return 0;
}
static int limited(pid_t p) {
  struct rlimit l;
  return prlimit(p, RLIMIT_CORE, 0, &l) < 0 ? -1 : prlimit(p, RLIMIT_CORE, &l, 0);
}
static int read_memory(pid_t p) {
  char byte;
  struct iovec here = {&byte, 1}, there = {(void *)0x1000, 1};
  // EFAULT is the answer of a kernel that would have let us, had the address been right.
  return process_vm_readv(p, &here, 1, &there, 1, 0) < 0 && errno != EFAULT ? -1 : 0;
}
static int steal(pid_t p, int number) {
  int handle = (int)syscall(SYS_pidfd_open, p, 0);
  return handle < 0 ? -1 : (int)syscall(SYS_pidfd_getfd, handle, number, 0);
}
static int affinity(pid_t p) {
  cpu_set_t set;
  return sched_getaffinity(p, sizeof set, &set) < 0 ? -1 : sched_setaffinity(p, sizeof set, &set);
}

// What `perform` returns where a descendant has printed the answer.
enum { ANSWERED = 1 << 30 };
static int perform(char *line);

static void say(int result) {
  printf("%s\n", result >= 0 ? "0" : strerrorname_np(errno) ? strerrorname_np(errno) : "?");
  fflush(stdout);
}
static void answer(char *line) {
  int result = perform(line);
  if (result != ANSWERED) say(result);
}
static _Noreturn void finish(char *line) {
  answer(line);
  _exit(0);
}
static void *thread(void *line) { answer(line); return 0; }

// The descendant prints; the caller returns only when that is done.
static int descend(const char *how, char *rest) {
  int end[2];
  if (pipe(end) < 0) return -1;
  pid_t child = -1;
  if (!strcmp(how, "thread")) {
    pthread_t t;
    if (pthread_create(&t, 0, thread, rest)) return -1;
    pthread_join(t, 0);
    return ANSWERED;
  }
  if (!strcmp(how, "vfork")) child = (pid_t)syscall(SYS_clone, CLONE_VFORK | SIGCHLD, 0, 0, 0, 0);
  else child = fork();
  if (child < 0) return -1;
  if (child == 0) {
    if (!strcmp(how, "setsid") && setsid() < 0) finish("fail");
    if (!strcmp(how, "double-fork") && fork() > 0) _exit(0);
    if (!strcmp(how, "daemon")) {
      pid_t middle = getpid();
      if (setsid() < 0 || chdir("/") < 0) finish("fail");
      if (fork() > 0) _exit(0);
      while (getppid() == middle) poll(0, 0, 1); // until it belongs to another parent
    }
    if (!strcmp(how, "exec")) {
      execl("/proc/self/exe", "try", "--once", rest, (char *)0);
      finish("fail");
    }
    finish(rest);
  }
  close(end[1]);
  char byte;
  while (read(end[0], &byte, 1) > 0) { }
  close(end[0]);
  waitpid(child, 0, __WALL);
  return ANSWERED;
}

// %XX is the byte of these hexadecimal digits; in place.
static char *bytes(char *text) {
  char *to = text;
  for (char *from = text; from && *from; to++) {
    unsigned byte;
    if (*from == '%' && sscanf(from + 1, "%2x", &byte) == 1) *to = (char)byte, from += 3;
    else *to = *from++;
  }
  if (to) *to = 0;
  return text;
}
static int listening(const char *port) {
  struct sockaddr_in at = {.sin_family = AF_INET, .sin_port = htons((uint16_t)atoi(port))};
  int s = socket(AF_INET, SOCK_STREAM, 0);
  return s < 0 ? -1 : bind(s, (void *)&at, sizeof at);
}
// Nobody else uses what was made for the try.
static int removed(const char *kind, int made) {
  if (made < 0) return -1;
  if (!strcmp(kind, "shm")) return shmctl(made, IPC_RMID, 0);
  return !strcmp(kind, "sem") ? semctl(made, 0, IPC_RMID) : msgctl(made, IPC_RMID, 0);
}
static int controlled(const char *name) {
  int settings[16], fd = open(name, O_RDONLY | O_NONBLOCK | O_NOCTTY);
  return fd < 0 ? -1 : ioctl(fd, TCGETS, settings);
}

// Not negative, or -1 with errno, or ANSWERED.
static int perform(char *line) {
  char *rest = line, *o = strsep(&rest, " ");
  if (rest && strstr(line + strlen(o) + 1, "try ") == rest) {
    strsep(&rest, " ");
    return descend(o, rest);
  }
  char *a = bytes(strsep(&rest, " ")), *b = bytes(strsep(&rest, " "));
  errno = EINVAL;
  if (!a) return -1;
  pid_t p = atoi(a);
  if (!strcmp(o, "read")) return opened(a, O_RDONLY);
  if (!strcmp(o, "blocking")) return open(a, O_RDONLY);
  if (!strcmp(o, "read2")) return opened_by_how(a);
  if (!strcmp(o, "write")) return opened(a, O_WRONLY);
  if (!strcmp(o, "chroot")) return chroot(a) ? -1 : chdir("/");
  if (!strcmp(o, "both")) return opened(a, O_RDWR);
  if (!strcmp(o, "make")) return opened(a, O_WRONLY | O_CREAT | O_EXCL);
  if (!strcmp(o, "append")) return opened(a, O_WRONLY | O_CREAT | O_APPEND);
  if (!strcmp(o, "truncate")) return truncate(a, 0);
  if (!strcmp(o, "unlink")) return unlink(a);
  if (!strcmp(o, "mkdir")) return mkdir(a, 0700);
  if (!strcmp(o, "rename")) return rename(a, b ? b : "");
  if (!strcmp(o, "link")) return link(a, b ? b : "");
  if (!strcmp(o, "symlink")) return symlink(b ? b : "", a);
  if (!strcmp(o, "chmod")) return chmod(a, 0700);
  if (!strcmp(o, "execute")) return execute(a);
  if (!strcmp(o, "tcp")) return tcp(a);
  if (!strcmp(o, "udp")) return udp(a);
  if (!strcmp(o, "bind")) return unix_socket(a, 1);
  if (!strcmp(o, "connect")) return unix_socket(a, 0);
  if (!strcmp(o, "memfd")) return memfd_create(a, 0);
  if (!strcmp(o, "socket")) return socket(atoi(a), SOCK_RAW, b ? atoi(b) : 0);
  if (!strcmp(o, "descriptor")) return fcntl(atoi(a), F_GETFD);
  if (!strcmp(o, "writable-code")) return writable_code();
  if (!strcmp(o, "fixed-code")) return fixed_code();
  if (!strcmp(o, "map")) return map_file(a);
  if (!strcmp(o, "map-memory")) return map_memory();
  if (!strcmp(o, "map-exchanged")) return map_exchanged(a, b ? b : "");
  if (!strcmp(o, "shm")) return removed(o, shmget(IPC_PRIVATE, 4096, 0600));
  if (!strcmp(o, "sem")) return removed(o, semget(IPC_PRIVATE, 1, 0600));
  if (!strcmp(o, "msg")) return removed(o, msgget(IPC_PRIVATE, 0600));
  if (!strcmp(o, "chown")) return chown(a, (uid_t)atoi(b ? b : "0"), (gid_t)-1);
  if (!strcmp(o, "listen")) return listening(a);
  if (!strcmp(o, "ioctl")) return controlled(a);
  if (!strcmp(o, "call")) return (int)syscall(atol(a), 0, 0, 0, 0, 0, 0);
  if (!strcmp(o, "kill")) return kill(p, b ? atoi(b) : SIGCONT);
  if (!strcmp(o, "ptrace")) return ptraced(p);
  if (!strcmp(o, "prlimit")) return limited(p);
  if (!strcmp(o, "memory")) return read_memory(p);
  if (!strcmp(o, "steal")) return steal(p, b ? atoi(b) : 0);
  if (!strcmp(o, "priority")) return setpriority(PRIO_PROCESS, (id_t)p, 0);
  if (!strcmp(o, "affinity")) return affinity(p);
  return -1;
}

int main(int argc, char **argv) {
  if (argc == 3) finish(argv[2]);
  char *line = 0;
  size_t size = 0;
  while (getline(&line, &size, stdin) > 0) {
    line[strcspn(line, "\n")] = 0;
    answer(line);
  }
  return 0;
}
