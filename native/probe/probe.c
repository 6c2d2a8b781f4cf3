/*
 * Tries what a break-in would try, and changes nothing: `probe` is started in a domain by
 * `cofferdam probe` and `cofferdam test --engine`, and once more outside of every restriction.
 *
 * Each argument is one attempt: its kind and, behind a space, its object. For each the program
 * prints its number, a space, and 0 or the errno. Arguments are tried in their order, each in a
 * child of its own, since an attempt may be answered by a signal (printed as 1000 plus its number).
 *
 * Harmless: files are opened without O_TRUNC and closed; a file that is made has no name
 * (O_TMPFILE); a socket connects to a closed port of this host or to a listening unix socket, and
 * sends nothing; the signal is one that is ignored; calls that would change the host get arguments
 * that the kernel refuses after it has checked the permission. Attempts that do change names
 * (make, delete, rename, link, attributes, bind) are asked for only where the command has put a
 * view of its own before the host's folders.
 *
 * Started as a program that is attempted (`-c`), it does nothing.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <linux/capability.h>
#include <mqueue.h>
#include <netinet/in.h>
#include <sched.h>
#include <signal.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ipc.h>
#include <sys/mman.h>
#include <sys/msg.h>
#include <sys/ptrace.h>
#include <sys/sem.h>
#include <sys/shm.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

enum { SIGNALLED = 1000, WAIT_S = 5 };

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

/** Behind a space, or at the end of the text. */
static char *next_word(char *text) {
  char *space = strchr(text, ' ');
  if (space == NULL) return text + strlen(text);
  *space = 0;
  return space + 1;
}

/** `tcp ADDRESS PORT`, or udp: a socket for it, -1 with errno, and the place. */
static int socket_for(const char *object, struct sockaddr_storage *place, socklen_t *length) {
  char words[128];
  if (strlen(object) >= sizeof words) return errno = EINVAL, -1;
  strcpy(words, object);
  char *address = next_word(words);
  char *port = next_word(address);
  int is6 = strchr(address, ':') != NULL;
  struct sockaddr_in *four = (void *)place;
  struct sockaddr_in6 *six = (void *)place;
  memset(place, 0, sizeof *place);
  place->ss_family = is6 ? AF_INET6 : AF_INET;
  *(is6 ? &six->sin6_port : &four->sin_port) = htons((uint16_t)atoi(port));
  void *to = is6 ? (void *)&six->sin6_addr : (void *)&four->sin_addr;
  if (inet_pton(place->ss_family, address, to) != 1) return errno = EINVAL, -1;
  *length = is6 ? sizeof *six : sizeof *four;
  int type = strcmp(words, "tcp") == 0 ? SOCK_STREAM : SOCK_DGRAM;
  return socket(place->ss_family, type | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
}

/** Connecting a datagram socket sends nothing. */
static int try_connect(const char *object) {
  struct sockaddr_storage to;
  socklen_t length;
  int fd = socket_for(object, &to, &length);
  return fd < 0 ? errno : result(connect(fd, (struct sockaddr *)&to, length));
}

/** Binds; no process can connect. */
static int try_listen(const char *object) {
  struct sockaddr_storage at;
  socklen_t length;
  int fd = socket_for(object, &at, &length);
  return fd < 0 ? errno : result(bind(fd, (struct sockaddr *)&at, length));
}

/** A path, or `@` and an abstract name. */
static int unix_socket(const char *name, struct sockaddr_un *place, socklen_t *length) {
  size_t size = strlen(name);
  memset(place, 0, sizeof *place);
  place->sun_family = AF_UNIX;
  if (size >= sizeof place->sun_path) return errno = ENAMETOOLONG, -1;
  memcpy(place->sun_path, name, size);
  if (*name == '@') place->sun_path[0] = 0;
  *length = (socklen_t)(offsetof(struct sockaddr_un, sun_path) + size + (*name == '@' ? 0 : 1));
  return socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
}

static int try_unix(const char *name) {
  struct sockaddr_un to;
  socklen_t length;
  int fd = unix_socket(name, &to, &length);
  return fd < 0 ? errno : result(connect(fd, (struct sockaddr *)&to, length));
}

static int try_bind(const char *name) {
  struct sockaddr_un at;
  socklen_t length;
  int fd = unix_socket(name, &at, &length);
  return fd < 0 ? errno : result(bind(fd, (struct sockaddr *)&at, length));
}

/** `FAMILY TYPE PROTOCOL`, as socket(2) takes them. One for packets of protocol 0 receives none. */
static int try_socket(const char *object) {
  int family = 0, type = 0, protocol = 0;
  if (sscanf(object, "%d %d %d", &family, &type, &protocol) != 3) return EINVAL;
  return result(socket(family, type | SOCK_CLOEXEC, protocol));
}

static int try_map(const char *path) {
  int fd = open(path, O_RDONLY | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);
  if (fd < 0) return errno;
  void *page = mmap(NULL, 4096, PROT_READ | PROT_EXEC, MAP_PRIVATE, fd, 0);
  return page == MAP_FAILED ? errno : 0;
}

static int try_make(const char *path) {
  return result(mknod(path, S_IFREG | 0600, 0));
}

static int try_delete(const char *path) {
  if (unlink(path) == 0) return 0;
  return errno == EISDIR ? result(rmdir(path)) : errno;
}

static int try_attributes(const char *path) {
  struct stat status;
  if (stat(path, &status) != 0) return errno;
  return result(chmod(path, status.st_mode & 07777));
}

/** `LENGTH FROM TO`: the length of FROM in bytes. */
static int on_two_names(const char *object, int (*call)(const char *, const char *)) {
  char from[PATH_MAX];
  char *rest = NULL;
  unsigned long length = strtoul(object, &rest, 10);
  if (*rest++ != ' ' || length >= sizeof from || strlen(rest) <= length) return EINVAL;
  memcpy(from, rest, length);
  from[length] = 0;
  return result(call(from, rest + length + 1));
}

static int try_rename(const char *object) {
  return on_two_names(object, rename);
}

static int try_link(const char *object) {
  return on_two_names(object, link);
}

/** Made for nobody else, and removed. */
static int try_ipc(const char *kind) {
  int made;
  if (strcmp(kind, "shm") == 0) {
    made = shmget(IPC_PRIVATE, 4096, 0600);
    return made < 0 ? errno : result(shmctl(made, IPC_RMID, NULL));
  }
  if (strcmp(kind, "sem") == 0) {
    made = semget(IPC_PRIVATE, 1, 0600);
    return made < 0 ? errno : result(semctl(made, 0, IPC_RMID));
  }
  if (strcmp(kind, "mqueue") == 0) {
    char name[64];
    snprintf(name, sizeof name, "/cofferdam-probe-%d", getpid());
    made = mq_open(name, O_CREAT | O_EXCL | O_RDWR, 0600, NULL);
    return made < 0 ? errno : result(mq_unlink(name));
  }
  made = msgget(IPC_PRIVATE, 0600);
  return made < 0 ? errno : result(msgctl(made, IPC_RMID, NULL));
}

/**
 * To the command that asks, or (`self`) to the program that started this child. Both ignore it: no
 * domain is held from signal 0.
 */
static int try_signal(const char *pid) {
  return result(kill(strcmp(pid, "self") == 0 ? getppid() : atoi(pid), SIGURG));
}

/** Does not stop it, and ends with this child. */
static int try_trace(const char *pid) {
  return result(ptrace(PTRACE_SEIZE, atoi(pid), NULL, NULL));
}

static int try_namespace(const char *kind) {
  return result(unshare(strcmp(kind, "user") == 0 ? CLONE_NEWUSER : CLONE_NEWNS));
}

/** `NUMBER ARGUMENT...`, six of them: refused once the caller may make the call at all. */
static int try_call(const char *object) {
  long words[7] = {0};
  char *rest = (char *)object;
  for (int at = 0; at < 7; at++) words[at] = strtol(rest, &rest, 10);
  // A call that waits has been let through: the signal says so.
  alarm(WAIT_S);
  return result(syscall(words[0], words[1], words[2], words[3], words[4], words[5], words[6]));
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
    {"read", try_read},       {"write", try_write},           {"create", try_create},
    {"execute", try_execute}, {"map", try_map},               {"make", try_make},
    {"delete", try_delete},   {"attributes", try_attributes}, {"rename", try_rename},
    {"link", try_link},       {"connect", try_connect},       {"listen", try_listen},
    {"unix", try_unix},       {"bind", try_bind},             {"socket", try_socket},
    {"signal", try_signal},   {"trace", try_trace},           {"namespace", try_namespace},
    {"call", try_call},       {"ipc", try_ipc},               {"memory", try_memory},
    {"capability", try_capability},
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
  if (count > 1 && strcmp(arguments[1], "-c") == 0) return 0;
  signal(SIGPIPE, SIG_IGN);
  for (int at = 1; at < count; at++) {
    printf("%d %d\n", at, in_child(arguments[at]));
    fflush(stdout);
  }
  return 0;
}
