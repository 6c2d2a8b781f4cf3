// pidfds [threads]: what a pidfd tells of the process that started this one, outside its domain,
// and of itself.
#define _GNU_SOURCE
#include <errno.h>
#include <pthread.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/syscall.h>
#include <unistd.h>

// linux/pidfd.h
enum { PIDFD_GET_CGROUP_NAMESPACE = 0xff01, PIDFD_GET_UTS_NAMESPACE = 0xff0a, INFO_PID = 1 };
struct info { uint64_t mask, cgroup; uint32_t pid, rest[11]; };
#define PIDFD_GET_INFO _IOWR(0xff, 11, struct info)

static void *sleeper(void *none) { pause(); return none; }

static void ask(const char *whom, pid_t pid) {
  int fd = syscall(SYS_pidfd_open, pid, 0), given = 0, error = 0;
  for (int request = PIDFD_GET_CGROUP_NAMESPACE; request <= PIDFD_GET_UTS_NAMESPACE; request++)
    if (ioctl(fd, request, 0) >= 0) given++;
    else error = errno;
  const char *said = error ? strerrorname_np(error) : "";
  printf("%s: %d namespaces%s%s\n", whom, given, error ? " " : "", said);
  struct info info = {.mask = INFO_PID};
  int told = ioctl(fd, PIDFD_GET_INFO, &info);
  const char *what = info.pid == (uint32_t)pid ? "told" : "?";
  printf("%s: %s\n", whom, told < 0 ? strerrorname_np(errno) : what);
}

int main(int argc, char **argv) {
  (void)argv;
  pthread_t other;
  if (argc > 1) pthread_create(&other, NULL, sleeper, NULL);
  ask("outside", getppid());
  ask("itself", getpid());
  int file = ioctl(1, PIDFD_GET_UTS_NAMESPACE, 0);
  printf("of a file: %s\n", file < 0 ? strerrorname_np(errno) : "?");
  return 0;
}
