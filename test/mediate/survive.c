// Makes, renames and removes names with four threads until SIGUSR1, and compares each answer with
// what is there: success means that it was done, EIO that the outcome is unknown, and nothing
// else may come. Prints "ok N unknown N wrong N descriptors N" (those open too many at the end).
#define _GNU_SOURCE
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static volatile sig_atomic_t over;
static atomic_long ok, unknown, wrong;

static void stop(int signal) { (void)signal; over = 1; }
static int there(const char *path) { struct stat s; return lstat(path, &s) == 0; }

// 1 done, 0 not known; a signal may come before the call is received.
static int judge(const char *what, long result) {
  if (result >= 0) { ok++; return 1; }
  if (errno == EIO) { unknown++; return 0; }
  if (errno != EINTR) { wrong++; fprintf(stderr, "%s: %s\n", what, strerrorname_np(errno)); }
  return 0;
}
static void expect(const char *what, int truth) {
  if (!truth) { wrong++; fprintf(stderr, "%s is not so\n", what); }
}

static void *work(void *number) {
  char a[64], b[64];
  sprintf(a, "open/a%ld", (long)number);
  sprintf(b, "open/b%ld", (long)number);
  while (!over) {
    int fd = open(a, O_CREAT | O_EXCL | O_WRONLY, 0600);
    if (judge("create", fd)) { expect("made", there(a)); close(fd); }
    if (there(a)) {
      if (judge("rename", rename(a, b))) expect("renamed", !there(a) && there(b));
      else expect("renamed or not", there(a) != there(b));
    }
    for (int i = 0; i < 2; i++) {
      const char *name = i ? a : b;
      while (there(name)) if (judge("unlink", unlink(name))) expect("removed", !there(name));
    }
  }
  return 0;
}

static int descriptors(void) {
  DIR *all = opendir("/proc/self/fd");
  int count = 0;
  while (readdir(all)) count++;
  closedir(all);
  return count;
}

int main(void) {
  signal(SIGUSR1, stop);
  int before = descriptors();
  pthread_t threads[4];
  for (long i = 0; i < 4; i++) if (pthread_create(&threads[i], 0, work, (void *)i)) return 98;
  for (int i = 0; i < 4; i++) pthread_join(threads[i], 0);
  printf("ok %ld unknown %ld wrong %ld descriptors %d\n", ok, unknown, wrong,
         descriptors() - before);
  return 0;
}
