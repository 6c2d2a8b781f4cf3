// Opens names that are not of the domain's start, honestly and in races.
//   memory GRANTED SECRET ROUNDS     a thread writes one name over the other while they are opened
//   exchange A B PATH ROUNDS         a thread exchanges A and B while PATH is opened
//   descriptors FILE DIRECTORY SECRET TO PROGRAM   what handed descriptors give, one a line
// The races print how often a `g` (granted) and an `s` (secret) was read, and how often neither.
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>
#include <linux/fs.h>

static char name[4096];
static char **names;
static atomic_int over;

static void *flip(void *unused) {
  (void)unused;
  size_t length = strlen(names[0]);
  if (strlen(names[1]) != length) abort();
  for (unsigned i = 0; !over; i++) memcpy(name, names[i & 1], length);
  return 0;
}
static void *exchange(void *unused) {
  (void)unused;
  while (!over)
    if (renameat2(AT_FDCWD, names[0], AT_FDCWD, names[1], RENAME_EXCHANGE) < 0) perror("exchange");
  return 0;
}

static int race(void *(*other)(void *), int rounds) {
  int granted = 0, secret = 0, neither = 0;
  pthread_t thread;
  if (pthread_create(&thread, 0, other, 0)) return 1;
  for (int i = 0; i < rounds; i++) {
    char byte = 0;
    int fd = open(name, O_RDONLY);
    if (fd >= 0 && read(fd, &byte, 1) < 0) perror("read");
    if (fd >= 0) close(fd);
    if (byte == 'g') granted++;
    else if (byte == 's') secret++;
    else neither++;
  }
  over = 1;
  pthread_join(thread, 0);
  printf("%d %d %d\n", granted, secret, neither);
  return 0;
}

static void say(const char *what, long result) {
  printf("%s: %s\n", what, result >= 0 ? "0" : strerrorname_np(errno));
}
static int again(int fd, int flags) {
  char link[64];
  snprintf(link, sizeof link, "/proc/self/fd/%d", fd);
  return open(link, flags);
}
static long linked(int fd, const char *to) {
  char link[64];
  snprintf(link, sizeof link, "/proc/self/fd/%d", fd);
  return linkat(AT_FDCWD, link, AT_FDCWD, to, AT_SYMLINK_FOLLOW);
}

static int descriptors(char *file, char *directory, char *secret, char *to, char *program) {
  long attributes = 0;
  int fd = open(file, O_RDONLY), there = open(directory, O_RDONLY | O_DIRECTORY);
  say("read", fd);
  say("write through it", write(fd, "x", 1));
  say("truncate it", ftruncate(fd, 0));
  say("truncate its name", truncate(file, 0));
  say("open it again", again(fd, O_RDONLY));
  say("open it again for writing", again(fd, O_RDWR));
  say("change its mode", fchmod(fd, 0777));
  say("change its flags", ioctl(fd, FS_IOC_SETFLAGS, &attributes));
  say("link it to a granted name", linked(fd, to));
  say("list", there);
  say("open a granted name in it", openat(there, "in.conf", O_RDONLY));
  say("open another name in it", openat(there, "other", O_RDONLY));
  say("make a name in it", mkdirat(there, "made", 0755));
  say("go there", fchdir(there));
  say("open a granted name there", open("in.conf", O_RDONLY));
  say("open another name there", open("other", O_RDONLY));
  int path = open(secret, O_PATH);
  say("name a secret", path);
  say("open it by that", again(path, O_RDONLY));
  say("open it by an empty name", openat(path, "", O_RDONLY));
  say("execute a late program", execl(program, program, (char *)0));
  say("become undumpable", prctl(PR_SET_DUMPABLE, 0));
  say("read /dev/null", open("/dev/null", O_RDONLY));
  return 0;
}

int main(int argc, char **argv) {
  puts("ready");
  fflush(stdout);
  // The names are made until a line comes.
  if (getchar() != '\n') return 2;
  if (argc == 7 && !strcmp(argv[1], "descriptors"))
    return descriptors(argv[2], argv[3], argv[4], argv[5], argv[6]);
  names = argv + 2;
  if (argc == 5 && !strcmp(argv[1], "memory")) {
    strcpy(name, argv[2]);
    return race(flip, atoi(argv[4]));
  }
  if (argc == 6 && !strcmp(argv[1], "exchange")) {
    strcpy(name, argv[4]);
    return race(exchange, atoi(argv[5]));
  }
  return 2;
}
