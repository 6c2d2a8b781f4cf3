// silent FILE MARK WAY TRIES: has the mediator look at descriptors of FILE, whose close(2) is never
// answered, then sets FILE's mark, MARK's first byte, and waits for its end. WAY: `plain` (listen
// of it), `race` (another thread puts it in the place of a socket that is asked about, until the
// mediator has copied it, at most TRIES times).
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <linux/fs.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

static int silent;
static volatile int listener = -1, over;
// How long a call has taken, nanoseconds.
static volatile long taken = 100000;

static long now(void) {
  struct timespec time;
  clock_gettime(CLOCK_MONOTONIC, &time);
  return time.tv_sec * 1000000000 + time.tv_nsec;
}

// Spins, so that it is there at once: what it is to hit are microseconds somewhere in the call.
static void *exchange(void *none) {
  for (int seen = -1; !over;) {
    int next = listener;
    if (next == seen) continue;
    for (const long until = now() + rand() % taken; now() < until;) continue;
    dup2(silent, seen = next);
  }
  return none;
}

int main(int argc, char **argv) {
  prctl(PR_SET_PDEATHSIG, SIGKILL);
  if (argc < 5 || (silent = open(argv[1], O_RDONLY)) < 0) return 90;
  int other = 0, lost = 0;
  if (!strcmp(argv[3], "plain")) {
    other = listen(silent, 1) == 0 || errno != ENOTSOCK;
    // Its file system has no flags; a worker asks it.
    int flags = 0;
    other += ioctl(silent, FS_IOC_SETFLAGS, &flags) == 0 || (errno != ENOTTY && errno != EACCES);
  }
  else {
    // What was exchanged stays open: to close it is what is never answered.
    struct rlimit descriptors;
    getrlimit(RLIMIT_NOFILE, &descriptors);
    descriptors.rlim_cur = descriptors.rlim_max;
    setrlimit(RLIMIT_NOFILE, &descriptors);
    pthread_t thread;
    if (pthread_create(&thread, 0, exchange, 0)) return 91;
    int copied = 0;
    for (int i = 0; i < atoi(argv[4]) && !copied; i++) {
      int fd = socket(AF_INET, SOCK_STREAM, 0);
      listener = fd;
      const long begun = now();
      const int error = listen(fd, 1) == 0 ? 0 : errno;
      taken = now() - begun;
      // Granted; no socket; refused; exchanged just when it was copied.
      copied = error == EIO;
      other += error != 0 && error != ENOTSOCK && error != EACCES && error != EIO;
    }
    over = 1;
    lost = !copied;
    pthread_join(thread, 0);
  }
  int mark = open(argv[2], O_WRONLY);
  if (mark < 0 || write(mark, other ? "!" : lost ? "0" : ".", 1) != 1) return 92;
  for (;;) pause();
}
