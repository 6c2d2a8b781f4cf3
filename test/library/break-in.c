/*
 * What runs in a daemon's place after a break-in: `npm run library` puts this program over the
 * daemon's own, and starts it in the daemon's domain, and once more at level disabled.
 *
 * Each argument is one attempt, its words separated by tabs; `attempts.ts` writes them. For each
 * the program prints its number, a space, and 0 or the errno. Each is tried in a child of its own,
 * since the answer may be a signal (printed as 1000 plus its number).
 *
 * Unlike native/probe it changes the host that it runs on: it makes, removes and renames files.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/capability.h>
#include <linux/fs.h>
#include <sched.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/sysmacros.h>
#include <sys/timex.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

/** A user and a group that no daemon has. */
enum { STRANGER = 54321 };
enum { WORDS_MAX = 4, SIGNALLED = 1000, PAGE = 4096 };

static bool is(const char *word, const char *other) {
  return strcmp(word, other) == 0;
}

/** The result of a call, as 0 or errno. */
static int result(long value) {
  return value < 0 ? errno : 0;
}

static int opened(const char *path, int flags) {
  return open(path, flags | O_NONBLOCK | O_NOCTTY | O_CLOEXEC, 0600);
}

static int try_execute(const char *path) {
  char *const arguments[] = {(char *)path, "-c", "exit 0", NULL};
  char *const environment[] = {NULL};
  int ready[2];
  if (pipe2(ready, O_CLOEXEC) != 0) return errno;
  pid_t child = fork();
  if (child < 0) return errno;
  if (child == 0) {
    for (int fd = 0; fd < 3; fd++) close(fd);
    execve(path, arguments, environment);
    int error = errno;
    _exit(write(ready[1], &error, sizeof error) < 0 ? 2 : 1);
  }
  close(ready[1]);
  int error = 0;
  // At the end of the pipe the program runs.
  if (read(ready[0], &error, sizeof error) < 0) error = errno;
  waitpid(child, NULL, 0);
  return error;
}

static int try_map(const char *path) {
  int fd = opened(path, O_RDONLY);
  if (fd < 0) return errno;
  return mmap(NULL, PAGE, PROT_READ | PROT_EXEC, MAP_PRIVATE, fd, 0) == MAP_FAILED ? errno : 0;
}

static int try_ioctl(const char *path) {
  int fd = opened(path, O_RDONLY);
  long size = 0;
  return fd < 0 ? errno : result(ioctl(fd, BLKGETSIZE, &size));
}

/** Leaves the mode as it is. */
static int try_attributes(const char *path) {
  struct stat status;
  return result(stat(path, &status) == 0 ? chmod(path, status.st_mode & 07777) : -1);
}

static int on_name(const char *operation, const char *path) {
  if (is(operation, "read")) return result(opened(path, O_RDONLY));
  if (is(operation, "write")) return result(opened(path, O_WRONLY));
  if (is(operation, "create")) return result(opened(path, O_WRONLY | O_CREAT | O_EXCL));
  if (is(operation, "delete")) return result(unlink(path));
  if (is(operation, "attributes")) return try_attributes(path);
  if (is(operation, "execute")) return try_execute(path);
  if (is(operation, "map")) return try_map(path);
  return try_ioctl(path);
}

static int on_two_names(const char *operation, const char *from, const char *to) {
  return result(is(operation, "rename") ? rename(from, to) : link(from, to));
}

static int on_unix(const char *operation, const char *name) {
  struct sockaddr_un at = {.sun_family = AF_UNIX};
  size_t length = strlen(name);
  if (length >= sizeof at.sun_path) return ENAMETOOLONG;
  memcpy(at.sun_path, name, length);
  if (name[0] == '@') at.sun_path[0] = 0;
  socklen_t size = offsetof(struct sockaddr_un, sun_path) + length + (name[0] != '@');
  int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
  if (fd < 0) return errno;
  if (is(operation, "listen")) return result(bind(fd, (struct sockaddr *)&at, size));
  return result(connect(fd, (struct sockaddr *)&at, size));
}

/** `address`: of IPv4 or IPv6, as text. */
static int on_address(const char *operation, const char *protocol, const char *address,
                      const char *port) {
  struct sockaddr_in6 to = {.sin6_family = AF_INET6, .sin6_port = htons((uint16_t)atoi(port))};
  struct sockaddr_in to4 = {.sin_family = AF_INET, .sin_port = to.sin6_port};
  bool is4 = inet_pton(AF_INET, address, &to4.sin_addr) == 1;
  if (!is4 && inet_pton(AF_INET6, address, &to.sin6_addr) != 1) return EINVAL;
  const struct sockaddr *at = is4 ? (struct sockaddr *)&to4 : (struct sockaddr *)&to;
  socklen_t size = is4 ? sizeof to4 : sizeof to;
  int type = is(protocol, "tcp") ? SOCK_STREAM : SOCK_DGRAM;
  int fd = socket(at->sa_family, type | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
  if (fd < 0) return errno;
  if (is(operation, "listen")) return result(bind(fd, at, size));
  return result(connect(fd, at, size));
}

static int try_socket(const char *family, const char *protocol) {
  int number = atoi(protocol);
  if (is(family, "netlink")) return result(socket(AF_NETLINK, SOCK_RAW, number));
  if (is(family, "raw")) return result(socket(AF_INET, SOCK_RAW, number));
  if (is(family, "ping")) return result(socket(AF_INET, SOCK_DGRAM, IPPROTO_ICMP));
  // Protocol 0 receives no packet.
  if (is(family, "packet")) return result(socket(AF_PACKET, SOCK_RAW, 0));
  return result(socket(AF_VSOCK, SOCK_STREAM, 0));
}

static int try_memory(const char *kind) {
  if (is(kind, "memfd")) return result(memfd_create("break-in", MFD_CLOEXEC));
  void *page = mmap(NULL, PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  if (page == MAP_FAILED) return errno;
  memset(page, 0xc3, PAGE);
  return result(mprotect(page, PAGE, PROT_READ | PROT_EXEC));
}

/** Of an own file of mode 0, which nobody else has. */
static int try_against_mode(void) {
  char name[32];
  int fd = memfd_create("break-in", MFD_CLOEXEC);
  if (fd < 0 || fchmod(fd, 0) != 0) return errno;
  snprintf(name, sizeof name, "/proc/self/fd/%d", fd);
  return result(open(name, O_RDWR | O_CLOEXEC));
}

static int try_chown(void) {
  int ends[2];
  return result(pipe2(ends, O_CLOEXEC) == 0 ? fchown(ends[0], STRANGER, STRANGER) : -1);
}

/** Who may not has the bit dropped, without an error. */
static int try_set_id(void) {
  struct stat status;
  int fd = memfd_create("break-in", MFD_CLOEXEC);
  if (fd < 0 || fchown(fd, -1, STRANGER) != 0 || fchmod(fd, 02700) != 0) return errno;
  if (fstat(fd, &status) != 0) return errno;
  return status.st_mode & S_ISGID ? 0 : EPERM;
}

static int try_buffer(void) {
  int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0), bytes = PAGE;
  if (fd < 0) return errno;
  return result(setsockopt(fd, SOL_SOCKET, SO_RCVBUFFORCE, &bytes, sizeof bytes));
}

static int try_device(void) {
  const char *name = "/tmp/break-in-device";
  int error = result(mknod(name, S_IFCHR | 0600, makedev(1, 3)));
  if (error == 0) unlink(name);
  return error;
}

static int try_clock(void) {
  // A tick of no length is refused afterwards.
  struct timex clock = {.modes = ADJ_TICK};
  return result(adjtimex(&clock));
}

/**
 * Uses it. Most calls have arguments that are refused once the permission was asked for, so that
 * nothing changes.
 */
static int use_capability(int number) {
  switch (number) {
    case CAP_CHOWN:
      return try_chown();
    case CAP_DAC_OVERRIDE:
      return try_against_mode();
    case CAP_DAC_READ_SEARCH:
      return result(syscall(SYS_open_by_handle_at, AT_FDCWD, NULL, 0));
    case CAP_FSETID:
      return try_set_id();
    case CAP_SETGID:
      return result(syscall(SYS_setgid, STRANGER));
    case CAP_SETUID:
      return result(syscall(SYS_setuid, STRANGER));
    case CAP_NET_ADMIN:
      return try_buffer();
    case CAP_NET_RAW:
      return result(socket(AF_INET, SOCK_RAW | SOCK_CLOEXEC, IPPROTO_ICMP));
    case CAP_SYS_MODULE:
      return result(syscall(SYS_delete_module, NULL, 0));
    case CAP_SYS_CHROOT:
      return result(chroot("/"));
    case CAP_SYS_PTRACE:
      return result(syscall(SYS_userfaultfd, 0));
    case CAP_SYS_ADMIN:
      return result(syscall(SYS_sethostname, NULL, -1));
    case CAP_SYS_BOOT:
      return result(syscall(SYS_reboot, 0, 0, 0, NULL));
    case CAP_SYS_TIME:
      return try_clock();
    case CAP_MKNOD:
      return try_device();
    default:
      return 0;
  }
}

/**
 * Whether the process has it, and may use it: the kernel's engine judges each use, and takes none
 * away (docs/engine-differences.md). What else the use comes to, as in a kernel without modules,
 * says nothing of it.
 */
static int try_capability(const char *number) {
  struct __user_cap_header_struct head = {.version = _LINUX_CAPABILITY_VERSION_3};
  struct __user_cap_data_struct data[2] = {0};
  int bit = atoi(number);
  if (syscall(SYS_capget, &head, data) != 0) return errno;
  if (!((data[bit / 32].permitted >> (bit % 32)) & 1)) return EPERM;
  int error = use_capability(bit);
  return error == EPERM || error == EACCES ? error : 0;
}

/**
 * With arguments that no call accepts; the permission is checked before them or after. Of unshare
 * the permission is checked for what is to be new.
 */
static int try_call(const char *number) {
  int call = atoi(number);
  if (call == SYS_unshare) return result(unshare(CLONE_NEWUSER));
  return result(syscall(call, -1L, -1L, -1L, -1L, -1L, -1L));
}

static int attempt(char *words) {
  char *word[WORDS_MAX] = {"", "", "", ""};
  char *kind = strsep(&words, "\t");
  for (int at = 0; at < WORDS_MAX && words != NULL; at++) word[at] = strsep(&words, "\t");
  if (is(kind, "name")) return on_name(word[0], word[1]);
  if (is(kind, "two-names")) return on_two_names(word[0], word[1], word[2]);
  if (is(kind, "unix")) return on_unix(word[0], word[1]);
  if (is(kind, "address")) return on_address(word[0], word[1], word[2], word[3]);
  if (is(kind, "socket")) return try_socket(word[0], word[1]);
  if (is(kind, "memory")) return try_memory(word[0]);
  if (is(kind, "capability")) return try_capability(word[0]);
  if (is(kind, "syscall")) return try_call(word[0]);
  // Process 1 handles this signal, and does nothing about it.
  if (is(kind, "signal")) return result(kill(1, SIGCONT));
  return EINVAL;
}

/** The child's answer, through a pipe: its status holds only eight bits. */
static int in_child(char *words) {
  int answer[2];
  if (pipe2(answer, O_CLOEXEC) != 0) return errno;
  pid_t child = fork();
  if (child < 0) return errno;
  if (child == 0) {
    int error = attempt(words);
    _exit(write(answer[1], &error, sizeof error) == sizeof error ? 0 : 1);
  }
  close(answer[1]);
  int error = EIO;
  ssize_t length = read(answer[0], &error, sizeof error);
  close(answer[0]);
  int status = 0;
  waitpid(child, &status, 0);
  if (length == sizeof error) return error;
  return WIFSIGNALED(status) ? SIGNALLED + WTERMSIG(status) : EIO;
}

int main(int count, char **arguments) {
  signal(SIGPIPE, SIG_IGN);
  for (int at = 1; at < count; at++) {
    printf("%d %d\n", at, in_child(arguments[at]));
    fflush(stdout);
  }
  return 0;
}
