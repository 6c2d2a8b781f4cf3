#include "descriptors.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/vfs.h>
#include <unistd.h>

#include "report.h"

/* First descriptor of socket activation: SD_LISTEN_FDS_START of sd_listen_fds(3). */
#define LISTEN_START 3
/* Sockets of socket activation. */
#define LISTEN_MAX 1024
/* linux/magic.h: these look like regular files, but are handles of processes and namespaces. */
#define PIDFS_MAGIC 0x50494446
#define NSFS_MAGIC 0x6e736673

void descriptors_hold(void)
{
  for (int i = 0; i <= STDERR_FILENO; i++)
    if (fcntl(i, F_GETFD) < 0 && open("/dev/null", O_RDWR | O_CLOEXEC) != i)
      _exit(EXIT_REFUSED); /* there may be no descriptor to say so on */
}

/* The number in environment variable `name`; -1 when it is not there or no number. */
static long number_in(const char *name)
{
  const char *text = getenv(name);
  char *end;
  if (text == NULL || text[0] < '0' || text[0] > '9')
    return -1;
  errno = 0;
  long number = strtol(text, &end, 10);
  return *end == 0 && errno == 0 ? number : -1;
}

/* How many sockets of socket activation the daemon gets. */
static int listen_count(const struct plan *plan)
{
  long count = number_in("LISTEN_FDS");
  if (!plan_has(plan, PLAN_INHERIT_LISTEN) || number_in("LISTEN_PID") != getpid() || count <= 0) {
    unsetenv("LISTEN_FDS");
    unsetenv("LISTEN_PID");
    unsetenv("LISTEN_PIDFDID");
    unsetenv("LISTEN_FDNAMES");
    return 0;
  }
  if (count > LISTEN_MAX)
    refuse("take the sockets of socket activation", "LISTEN_FDS", E2BIG, "at most 1024 are taken");
  for (int i = LISTEN_START; i < LISTEN_START + count; i++) {
    struct stat status;
    char object[32];
    snprintf(object, sizeof object, "descriptor %d", i);
    if (fstat(i, &status) != 0)
      refuse("take the sockets of socket activation", object, errno, "LISTEN_FDS promises more than there are");
    if (!S_ISSOCK(status.st_mode))
      refuse("take the sockets of socket activation", object, ENOTSOCK, "`inherit: [listen]` grants sockets only");
  }
  return (int)count;
}

static void close_from(int first, int last)
{
  if (first <= last && syscall(SYS_close_range, first, last, 0) != 0)
    refuse("close what is not inherited", "close_range", errno, "Linux 5.9 or newer is needed");
}

void descriptors_close(const struct plan *plan)
{
  int floor = LISTEN_START + listen_count(plan);
  int moved = fcntl(STDERR_FILENO, F_DUPFD_CLOEXEC, floor);
  if (moved < 0)
    refuse("keep a descriptor for reports", "descriptor 2", errno, "raise the limit of descriptors (ulimit -n)");
  report_descriptor = moved;
  close_from(floor, moved - 1);
  close_from(moved + 1, INT_MAX);
}

static bool granted(const struct plan *plan, int descriptor)
{
  struct stat status;
  struct statfs system;
  int flags = fcntl(descriptor, F_GETFL);
  if (fstat(descriptor, &status) != 0 || flags < 0 || (flags & O_PATH) != 0)
    return false;
  if ((fcntl(descriptor, F_GETFD) & FD_CLOEXEC) != 0)
    return false; /* the caller's have crossed an execve: this one only holds the place */
  if (S_ISSOCK(status.st_mode))
    return plan_has(plan, PLAN_INHERIT_STDIO_SOCKETS);
  if (!plan_has(plan, PLAN_INHERIT_STDIO))
    return false;
  if (S_ISREG(status.st_mode))
    return fstatfs(descriptor, &system) == 0 && system.f_type != PIDFS_MAGIC && system.f_type != NSFS_MAGIC;
  return S_ISFIFO(status.st_mode) || S_ISCHR(status.st_mode);
}

void descriptors_replace(const struct plan *plan)
{
  for (int i = 0; i <= STDERR_FILENO; i++) {
    if (granted(plan, i))
      continue;
    int nothing = open("/dev/null", O_RDWR | O_CLOEXEC);
    if (nothing < 0)
      refuse("open what stands for descriptors that are not inherited", "/dev/null", errno, NULL);
    if (dup2(nothing, i) < 0)
      refuse("replace a descriptor that is not inherited", "/dev/null", errno, NULL);
    close(nothing);
  }
}

static int ascending(const void *a, const void *b)
{
  return *(const int *)a - *(const int *)b;
}

int close_all_but(const int *kept, int count)
{
  int sorted[16];
  if (count > (int)(sizeof sorted / sizeof *sorted))
    return errno = E2BIG, -1;
  for (int i = 0; i < count; i++)
    sorted[i] = kept[i];
  qsort(sorted, (size_t)count, sizeof *sorted, ascending);
  int next = 0;
  for (int i = 0; i < count; i++) {
    if (sorted[i] > next && syscall(SYS_close_range, next, sorted[i] - 1, 0) != 0)
      return -1;
    if (sorted[i] >= next)
      next = sorted[i] + 1;
  }
  return (int)syscall(SYS_close_range, next, INT_MAX, 0);
}
