// One race each: race MODE COUNT, in the tree as working directory. Prints "tries N granted N
// refused N"; the test looks at the tree. "flip" runs outside the domain until it is killed and
// exchanges two names for ever.
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/un.h>
#include <unistd.h>

static char path[64];
static struct sockaddr_in address;
static volatile int stop;

// The compiler must write both, each time.
#define seen() __asm__ volatile("" ::: "memory")

// Both names have the same length, so that every moment of the copying is a valid name.
static void *flipPath(void *unused) {
  while (!stop) { memcpy(path, "open/aaaa", 9); seen(); memcpy(path, "shut/aaaa", 9); seen(); }
  return unused;
}

static void *flipPort(void *ports) {
  unsigned short *two = ports;
  while (!stop) { address.sin_port = two[0]; seen(); address.sin_port = two[1]; seen(); }
  return 0;
}

int main(int argc, char **argv) {
  if (argc < 3) return 98;
  const char *mode = argv[1];
  if (!strcmp(mode, "flip")) {
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    for (;;) if (syscall(SYS_renameat2, AT_FDCWD, argv[2], AT_FDCWD, argv[3], 2) < 0) return 97;
  }
  long count = atol(argv[2]), granted = 0, refused = 0, other = 0, escaped = 0;
  pthread_t thread;
  unsigned short ports[2] = {0, 0};
  if (!strcmp(mode, "path")) {
    strcpy(path, "open/aaaa");
    pthread_create(&thread, 0, flipPath, 0);
  }
  if (!strcmp(mode, "port")) {
    ports[0] = htons(atoi(argv[3])); ports[1] = htons(atoi(argv[4]));
    address = (struct sockaddr_in){
      .sin_family = AF_INET, .sin_port = ports[0], .sin_addr = {htonl(INADDR_LOOPBACK)},
    };
    pthread_create(&thread, 0, flipPort, ports);
  }
  for (long i = 0; i < count; i++) {
    long result = -1;
    if (!strcmp(mode, "path")) {
      switch (i % 4) {
        case 0:
          result = syscall(SYS_open, path, O_CREAT | O_WRONLY, 0600);
          if (result >= 0) close(result);
          break;
        case 1: result = syscall(SYS_unlink, path); break;
        case 2: result = syscall(SYS_mkdir, path, 0700); break;
        default: result = syscall(SYS_rmdir, path);
      }
    } else if (!strcmp(mode, "directory")) {
      result = syscall(SYS_open, "open/way/made", O_CREAT | O_WRONLY, 0600);
      if (result >= 0) close(result);
      else if (i % 2) result = syscall(SYS_chmod, "open/way/file", 0777);
      if (result >= 0) syscall(SYS_unlink, "open/way/made");
    } else if (!strcmp(mode, "last")) {
      switch (i % 4) {
        case 0:
          result = syscall(SYS_open, "open/file", O_CREAT | O_TRUNC | O_WRONLY, 0600);
          if (result >= 0) close(result);
          break;
        case 1: result = syscall(SYS_chmod, "open/file", 0777); break;
        case 2:
          result = syscall(SYS_open, "open/link", O_CREAT | O_RDWR, 0600);
          if (result >= 0) close(result);
          break;
        default:
          result = syscall(SYS_link, "open/file", "open/hard");
          if (result >= 0) syscall(SYS_unlink, "open/hard");
      }
    } else if (!strcmp(mode, "port")) {
      int fd = socket(AF_INET, SOCK_DGRAM, 0);
      result = syscall(SYS_connect, fd, &address, sizeof address);
      int error = errno;
      struct sockaddr_in peer; socklen_t length = sizeof peer;
      if (getpeername(fd, (void *)&peer, &length) == 0 && peer.sin_port != ports[0]) escaped++;
      close(fd);
      errno = error;
    } else return 98;
    if (result >= 0) granted++; else if (errno == EACCES) refused++; else other++;
  }
  stop = 1;
  printf("tries %ld granted %ld refused %ld other %ld escaped %ld\n", count, granted, refused,
         other, escaped);
  return 0;
}
