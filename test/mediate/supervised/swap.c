// swap open|link|rename|connect COUNT: one thread swaps what another one's call names, in the tree
// as working directory. What lies below `shut` begins with an `s`. Prints "tries N granted N
// refused N escaped N"; an escape is an object that was not granted.
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/un.h>
#include <unistd.h>

static char path[64] = "open/aaaa";
static struct sockaddr_un address = {.sun_family = AF_UNIX, .sun_path = "open/sock"};
static volatile int stop;

// The compiler must write both, each time.
#define seen() __asm__ volatile("" ::: "memory")

static void *flipPath(void *unused) {
  while (!stop) { memcpy(path, "open/aaaa", 9); seen(); memcpy(path, "shut/aaaa", 9); seen(); }
  return unused;
}

static void *flipAddress(void *unused) {
  while (!stop) {
    memcpy(address.sun_path, "open/sock", 9);
    seen();
    memcpy(address.sun_path, "shut/sock", 9);
    seen();
  }
  return unused;
}

static int listener(const char *name) {
  struct sockaddr_un bound = {.sun_family = AF_UNIX};
  strcpy(bound.sun_path, name);
  int fd = socket(AF_UNIX, SOCK_STREAM, 0);
  if (bind(fd, (void *)&bound, sizeof bound) < 0 || listen(fd, 1000) < 0) {
    perror(name);
    exit(97);
  }
  return fd;
}

// 1 escaped, 0 granted, -1 refused.
static int openOne(void) {
  int fd = syscall(SYS_openat, AT_FDCWD, path, O_RDONLY);
  if (fd < 0) return -1;
  char first = 0;
  if (read(fd, &first, 1) != 1) first = 's';
  close(fd);
  return first == 's';
}

static int openLink(void) {
  int fd = syscall(SYS_openat, AT_FDCWD, "open/way/aaaa", O_RDONLY);
  if (fd < 0) return -1;
  char first = 0;
  if (read(fd, &first, 1) != 1) first = 's';
  close(fd);
  return first == 's';
}

static int renameOne(void) {
  if (syscall(SYS_rename, path, "open/bbbb") < 0) return -1;
  int fd = open("open/bbbb", O_RDONLY);
  char first = 0;
  if (fd >= 0 && read(fd, &first, 1) != 1) first = 's';
  close(fd);
  rename("open/bbbb", "open/aaaa");
  return first == 's';
}

static int accepted[2];
static int connectOne(void) {
  int fd = socket(AF_UNIX, SOCK_STREAM, 0);
  int failed = syscall(SYS_connect, fd, &address, sizeof address);
  int escaped = accept4(accepted[1], 0, 0, SOCK_NONBLOCK);
  int granted = accept4(accepted[0], 0, 0, SOCK_NONBLOCK);
  close(fd);
  if (granted >= 0) close(granted);
  if (escaped >= 0) { close(escaped); return 1; }
  return failed < 0 ? -1 : 0;
}

int main(int argc, char **argv) {
  if (argc < 3) return 98;
  const char *mode = argv[1];
  int (*one)(void) = !strcmp(mode, "open") ? openOne
                   : !strcmp(mode, "link") ? openLink
                   : !strcmp(mode, "rename") ? renameOne
                   : connectOne;
  if (one == connectOne) {
    accepted[0] = listener("open/sock");
    accepted[1] = listener("shut/sock");
    for (int i = 0; i < 2; i++) fcntl(accepted[i], F_SETFL, O_NONBLOCK);
  }
  pthread_t thread;
  if (one != openLink) pthread_create(&thread, 0, one == connectOne ? flipAddress : flipPath, 0);
  long count = atol(argv[2]), granted = 0, refused = 0, escaped = 0;
  for (long i = 0; i < count; i++) {
    int result = one();
    if (result > 0) escaped++; else if (result == 0) granted++; else refused++;
  }
  stop = 1;
  printf("tries %ld granted %ld refused %ld escaped %ld\n", count, granted, refused, escaped);
  return 0;
}
