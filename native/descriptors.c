#include <dirent.h>
#include <limits.h>
#include <linux/magic.h>
#include <netinet/in.h>
#include <sys/sysmacros.h>

#include "launcher.h"

#define INTERFERES "a seccomp filter of the caller seems to interfere"
/* linux/major.h and drivers/char/mem.c: /dev/null. */
#define NULL_DEVICE makedev(1, 3)

/* First descriptor of socket activation: SD_LISTEN_FDS_START of sd_listen_fds(3). */
#define LISTEN_START 3
/* Limit on the sockets of socket activation. */
#define LISTEN_MAX 1024
/* linux/magic.h: file systems whose files look regular but are handles of processes and
   namespaces. */
#define PIDFS_MAGIC 0x50494446
#define NSFS_MAGIC 0x6e736673

void descriptors_hold(void)
{
  for (int i = 0; i <= STDERR_FILENO; i++)
    if (fcntl(i, F_GETFD) < 0 && open("/dev/null", O_RDWR | O_CLOEXEC) != i)
      refuse("fill a closed standard descriptor", "/dev/null", errno,
             "make it (mknod /dev/null c 1 3): a daemon gets it there");
}

/* The number in environment variable `name`; -1 when it is missing or no number. */
static long number_in(const char *name)
{
  const char *text = getenv(name);
  char *end;
  bool is_number = text != NULL && *text >= '0' && *text <= '9';
  long number = is_number ? strtol(text, &end, 10) : -1; /* LONG_MAX where it is too large */
  return number >= 0 && *end == 0 ? number : -1;
}

/* The caller's descriptors survived an execve. A descriptor with close-on-exec is Cofferdam's
   own. */
static bool is_callers(int descriptor)
{
  int flags = fcntl(descriptor, F_GETFD);
  return flags >= 0 && (flags & FD_CLOEXEC) == 0 ? true : (errno = EBADF, false);
}

static bool is_socket(int descriptor)
{
  struct stat status;
  if (!is_callers(descriptor) || fstat(descriptor, &status) != 0)
    return false;
  return S_ISSOCK(status.st_mode) ? true : (errno = ENOTSOCK, false);
}

static int listen_count(const struct plan *plan)
{
  static const char *const variables[] = {"LISTEN_FDS", "LISTEN_PID", "LISTEN_PIDFDID",
                                          "LISTEN_FDNAMES"};
  const char *step = "take the sockets of socket activation";
  long count = number_in("LISTEN_FDS");
  if (!plan_has(plan, PLAN_INHERIT_LISTEN) || number_in("LISTEN_PID") != getpid() || count <= 0) {
    for (size_t i = 0; i < sizeof variables / sizeof *variables; i++)
      unsetenv(variables[i]);
    return 0;
  }
  if (count > LISTEN_MAX)
    refuse(step, "LISTEN_FDS", E2BIG, "a start takes at most 1024");
  for (int i = LISTEN_START; i < LISTEN_START + count; i++) {
    char object[32];
    snprintf(object, sizeof object, "descriptor %d", i);
    need(is_socket(i), step, object,
         "LISTEN_FDS promises that many sockets, and `inherit: [listen]` grants sockets only; "
         "`systemctl clean --what=fdstore UNIT` removes what a daemon stored");
  }
  return (int)count;
}

/* Verifies by the kernel's own list that no other descriptor is open: a filter of the caller's can
   pretend that descriptors were closed, but cannot write into this process's memory. The list must
   also contain its own descriptor. */
static void verify_closed(int kept)
{
  const char *step = "verify that no other descriptor is open", *list = "/proc/self/fd";
  struct statfs system = {0};
  DIR *open_now = opendir(list);
  need(open_now != NULL && fstatfs(dirfd(open_now), &system) == 0, step, list, "mount /proc");
  if (system.f_type != PROC_SUPER_MAGIC)
    refuse(step, list, 0, "mount /proc");
  bool is_whole = false;
  errno = 0;
  for (const struct dirent *entry; (entry = readdir(open_now)) != NULL;) {
    long number = strtol(entry->d_name, NULL, 10); /* 0 for `.` and `..` */
    if (number == dirfd(open_now))
      is_whole = true;
    else if (number > kept)
      refuse(step, entry->d_name, 0, INTERFERES);
  }
  if (!is_whole)
    refuse(step, list, errno, INTERFERES);
  closedir(open_now);
}

void descriptors_close(struct plan *plan)
{
  if (plan->head->level == PLAN_LEVEL_WARNING) {
    report_descriptor = fcntl(STDERR_FILENO, F_DUPFD_CLOEXEC, LISTEN_START);
    return need(report_descriptor >= 0, "keep a descriptor for reports", "descriptor 2",
                "raise the limit of descriptors (ulimit -n)");
  }
  int floor = LISTEN_START + listen_count(plan);
  int above = fcntl(plan->memory, F_DUPFD_CLOEXEC, floor + 2);
  if (above < 0 && errno == EINVAL)
    errno = EMFILE; /* fcntl(2) returns EINVAL for a number beyond the limit */
  bool kept = above >= 0 && dup3(STDERR_FILENO, floor, O_CLOEXEC) == floor;
  need(kept && dup3(above, floor + 1, O_CLOEXEC) == floor + 1, "keep a descriptor for reports",
       "descriptor 2", "raise the limit of descriptors (ulimit -n)");
  report_descriptor = floor;
  plan->memory = floor + 1;
  need(syscall(SYS_close_range, floor + 2, INT_MAX, 0) == 0, "close what is not inherited",
       "close_range", "Linux 5.9 or newer is needed");
  verify_closed(floor + 1);
}

int socket_option(int descriptor, int name)
{
  int value = -1;
  socklen_t length = sizeof value;
  return getsockopt(descriptor, SOL_SOCKET, name, &value, &length) == 0 ? value : -1;
}

static bool is_unix_stream(int descriptor)
{
  return socket_option(descriptor, SO_DOMAIN) == AF_UNIX &&
         socket_option(descriptor, SO_TYPE) == SOCK_STREAM;
}

static bool is_connected(int descriptor)
{
  struct sockaddr_storage peer;
  socklen_t length = sizeof peer;
  return getpeername(descriptor, (struct sockaddr *)&peer, &length) == 0;
}

/* Any other socket could be connected to a new address that no rule of the domain judges: a socket
   is subject to the rules of the process that made it. */
static bool is_connected_stream(int descriptor)
{
  return is_unix_stream(descriptor) && is_connected(descriptor);
}

static bool granted(const struct plan *plan, int descriptor)
{
  struct stat status;
  struct statfs system;
  int flags = fcntl(descriptor, F_GETFL);
  if (!is_callers(descriptor) || fstat(descriptor, &status) != 0 || flags < 0 ||
      (flags & O_PATH) != 0)
    return false;
  if (S_ISSOCK(status.st_mode))
    return plan_has(plan, PLAN_INHERIT_STDIO_SOCKETS) && is_connected_stream(descriptor);
  if (!plan_has(plan, PLAN_INHERIT_STDIO))
    return false;
  if (S_ISREG(status.st_mode))
    return fstatfs(descriptor, &system) == 0 && system.f_type != PIDFS_MAGIC &&
           system.f_type != NSFS_MAGIC;
  return S_ISFIFO(status.st_mode) || S_ISCHR(status.st_mode);
}

static bool is_null(int descriptor)
{
  struct stat status = {0};
  if (fstat(descriptor, &status) != 0)
    return false;
  return S_ISCHR(status.st_mode) && status.st_rdev == NULL_DEVICE;
}

/* Standard error may be a socket to the journal. Any other socket may lead to a client of the
   daemon's. */
static bool is_for_reports(const struct plan *plan)
{
  return granted(plan, STDERR_FILENO) || is_connected_stream(report_descriptor);
}

static void explain(const struct plan *plan, int descriptor)
{
  static const char *const names[] = {"standard input", "standard output", "standard error"};
  if (plan_has(plan, PLAN_INHERIT_STDIO) && is_socket(descriptor) && is_for_reports(plan))
    report("replace a socket that is not inherited by /dev/null", names[descriptor], 0,
           "`inherit: [stdio-sockets]` grants connected unix stream sockets only");
}

void descriptors_replace(const struct plan *plan)
{
  for (int i = 0; i <= STDERR_FILENO && plan->head->level != PLAN_LEVEL_WARNING; i++) {
    if (granted(plan, i))
      continue;
    explain(plan, i);
    int nothing = open("/dev/null", O_RDWR | O_CLOEXEC);
    const char *step = "replace a descriptor that is not inherited";
    need(nothing >= 0 && dup2(nothing, i) >= 0, step, "/dev/null", NULL);
    if (!is_null(i))
      refuse(step, "/dev/null", 0, INTERFERES);
    close(nothing);
  }
}

/* Whether a socket cannot reach another address past the cgroup's programs. A unix stream that
   listens or is connected takes no other address, and connect(2) with AF_UNSPEC does not dissolve
   it (unix(7)). */
static bool is_held(const struct plan *plan, int descriptor)
{
  if (is_unix_stream(descriptor))
    return socket_option(descriptor, SO_ACCEPTCONN) == 1 || is_connected(descriptor);
  int family = socket_option(descriptor, SO_DOMAIN);
  return plan_has(plan, PLAN_TCP_HELD) && (family == AF_INET || family == AF_INET6) &&
         socket_option(descriptor, SO_TYPE) == SOCK_STREAM &&
         socket_option(descriptor, SO_PROTOCOL) == IPPROTO_TCP;
}

struct sockets descriptors_escaping(const struct plan *plan)
{
  struct sockets found = {.count = 0};
  DIR *all = opendir("/proc/self/fd");
  if (all == NULL)
    return (struct sockets){.count = SOCKETS_MAX + 1};
  for (struct dirent *entry; found.count <= SOCKETS_MAX && (entry = readdir(all)) != NULL;) {
    int descriptor = atoi(entry->d_name);
    if (entry->d_name[0] == '.' || !is_socket(descriptor) || is_held(plan, descriptor))
      continue;
    if (found.count < SOCKETS_MAX)
      found.descriptors[found.count] = descriptor;
    found.count++;
  }
  closedir(all);
  return found;
}
