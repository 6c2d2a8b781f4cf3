/*
 * Tries what a break-in would try, and changes nothing: `probe` is started in a domain by
 * `cofferdam probe`, and once more outside of every restriction.
 *
 * Each argument is one attempt: its kind and, behind a space, its object. For each the program
 * prints its number, a space, and 0 or the errno. Arguments are tried in their order, each in a
 * child of its own, since an attempt may be answered by a signal (printed as 1000 plus its number).
 *
 * Harmless: files are opened without O_TRUNC and closed; a file that is made has no name
 * (O_TMPFILE); a socket connects to a closed port of this host or to a listening unix socket, and
 * sends nothing; the signal is one that is ignored; calls that would change the host get arguments
 * that the kernel refuses after it has checked the permission.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/capability.h>
#include <netinet/in.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/mount.h>
#include <sys/ptrace.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

enum { NETLINK_AUDIT_PROTOCOL = 9, SIGNALLED = 1000 };

/** The result of a call, as 0 or errno. */
static int result(long value) {
  return value < 0 ? errno : 0;
}

static int opened(const char *path, int flags, mode_t mode) {
  return result(open(path, flags | O_NONBLOCK | O_NOCTTY | O_CLOEXEC, mode));
}

static int try_read(const char *path) {
  return opened(path, O_RDONLY, 0);
}

static int try_write(const char *path) {
  return opened(path, O_WRONLY, 0);
}

static int try_create(const char *folder) {
  return opened(folder, O_TMPFILE | O_WRONLY, 0600);
}

/** A shell that is told to end. */
static int try_execute(const char *path) {
  char *const arguments[] = {(char *)path, "-c", "exit 0", NULL};
  char *const environment[] = {NULL};
  int null = open("/dev/null", O_RDWR | O_CLOEXEC);
  int ready[2];
  if (pipe2(ready, O_CLOEXEC) != 0) return errno;
  pid_t child = fork();
  if (child < 0) return errno;
  if (child == 0) {
    for (int fd = 0; fd < 3 && null >= 0; fd++) dup2(null, fd);
    execve(path, arguments, environment);
    int error = errno;
    if (write(ready[1], &error, sizeof error) < 0) _exit(2);
    _exit(1);
  }
  close(ready[1]);
  int error = 0;
  // At the end of the pipe the program runs.
  if (read(ready[0], &error, sizeof error) < 0) error = errno;
  waitpid(child, NULL, 0);
  return error;
}

static int connected(int type, const char *port) {
  struct sockaddr_in to = {.sin_family = AF_INET, .sin_port = htons((uint16_t)atoi(port))};
  to.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  int fd = socket(AF_INET, type | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
  return fd < 0 ? errno : result(connect(fd, (struct sockaddr *)&to, sizeof to));
}

static int try_tcp(const char *port) {
  return connected(SOCK_STREAM, port);
}

/** Connecting a datagram socket sends nothing. */
static int try_udp(const char *port) {
  return connected(SOCK_DGRAM, port);
}

static int try_listen(const char *port) {
  struct sockaddr_in at = {.sin_family = AF_INET, .sin_port = htons((uint16_t)atoi(port))};
  at.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  return fd < 0 ? errno : result(bind(fd, (struct sockaddr *)&at, sizeof at));
}

static int try_unix(const char *path) {
  struct sockaddr_un to = {.sun_family = AF_UNIX};
  if (strlen(path) >= sizeof to.sun_path) return ENAMETOOLONG;
  strcpy(to.sun_path, path);
  int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
  return fd < 0 ? errno : result(connect(fd, (struct sockaddr *)&to, sizeof to));
}

static int try_socket(const char *family) {
  if (strcmp(family, "raw") == 0) return result(socket(AF_INET, SOCK_RAW, IPPROTO_ICMP));
  if (strcmp(family, "netlink") == 0)
    return result(socket(AF_NETLINK, SOCK_RAW, NETLINK_AUDIT_PROTOCOL));
  // Protocol 0 receives no packet.
  if (strcmp(family, "packet") == 0) return result(socket(AF_PACKET, SOCK_RAW, 0));
  return result(socket(AF_VSOCK, SOCK_STREAM, 0));
}

/** To the command `cofferdam probe`, which ignores it: no domain is held from signal 0. */
static int try_signal(const char *pid) {
  return result(kill(atoi(pid), SIGURG));
}

/** Does not stop it, and ends with this child. */
static int try_trace(const char *pid) {
  return result(ptrace(PTRACE_SEIZE, atoi(pid), NULL, NULL));
}

static int try_namespace(const char *kind) {
  return result(unshare(strcmp(kind, "user") == 0 ? CLONE_NEWUSER : CLONE_NEWNS));
}

/** With arguments that are refused once the caller may make the call at all. */
static int try_call(const char *name) {
  if (strcmp(name, "mount") == 0) return result(mount(NULL, NULL, NULL, 0, NULL));
  if (strcmp(name, "init_module") == 0) return result(syscall(SYS_init_module, NULL, 0, ""));
  if (strcmp(name, "bpf") == 0) return result(syscall(SYS_bpf, -1, NULL, 0));
  if (strcmp(name, "io_uring_setup") == 0) return result(syscall(SYS_io_uring_setup, 0, NULL));
  if (strcmp(name, "userfaultfd") == 0) return result(syscall(SYS_userfaultfd, -1));
  if (strcmp(name, "perf_event_open") == 0)
    return result(syscall(SYS_perf_event_open, NULL, 0, -1, -1, 0));
  return EINVAL;
}

static int try_memory(const char *kind) {
  if (strcmp(kind, "memfd") == 0) return result(memfd_create("probe", MFD_CLOEXEC));
  const size_t size = 4096;
  void *page = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  if (page == MAP_FAILED) return errno;
  memset(page, 0xc3, size);
  return result(mprotect(page, size, PROT_READ | PROT_EXEC));
}

/** Whether the process has it; it is not used. */
static int try_capability(const char *number) {
  struct __user_cap_header_struct head = {.version = _LINUX_CAPABILITY_VERSION_3};
  struct __user_cap_data_struct data[2] = {0};
  int bit = atoi(number);
  if (syscall(SYS_capget, &head, data) != 0) return errno;
  return (data[bit / 32].permitted >> (bit % 32)) & 1 ? 0 : EPERM;
}

static const struct {
  const char *kind;
  int (*attempt)(const char *object);
} kinds[] = {
    {"read", try_read},           {"write", try_write},     {"create", try_create},
    {"execute", try_execute},     {"tcp", try_tcp},         {"udp", try_udp},
    {"listen", try_listen},       {"unix", try_unix},       {"socket", try_socket},
    {"signal", try_signal},       {"trace", try_trace},     {"namespace", try_namespace},
    {"call", try_call},           {"memory", try_memory},   {"capability", try_capability},
};

static int attempt(char *argument) {
  char *object = strchr(argument, ' ');
  if (object == NULL) return EINVAL;
  *object++ = 0;
  for (size_t at = 0; at < sizeof kinds / sizeof *kinds; at++)
    if (strcmp(kinds[at].kind, argument) == 0) return kinds[at].attempt(object);
  return EINVAL;
}

/** The child's answer, through a pipe: its status holds only eight bits. */
static int in_child(char *argument) {
  int answer[2];
  if (pipe2(answer, O_CLOEXEC) != 0) return errno;
  pid_t child = fork();
  if (child < 0) return errno;
  if (child == 0) {
    int error = attempt(argument);
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
