// hoard fifo|connect|rights|truncate|create COUNT: as many threads as COUNT wait, each in a call
// for which whoever does it keeps descriptors: the opening of a FIFO at the end of a long way, a
// connection to a listener without room, a message with many descriptors to a socket without room.
// truncate, create: each does that with a file on which this process has a lease, and answers no
// break of it. Makes the file `waiting` when all have begun.
// hoard threads COUNT: has as many threads, prints "there", and ends when its input does.
// hoard open MILLISECONDS: opens and closes `file` for so long; prints "opened all", or what
// failed.
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <time.h>
#include <unistd.h>

enum { DEPTH = 100, DESCRIPTORS = 200, BEGIN_US = 1500000 };
static const char *way;
static struct sockaddr_un name = {.sun_family = AF_UNIX, .sun_path = "listener"};

static void openFifo(void) {
  char path[4096] = "";
  for (int i = 0; i < DEPTH; i++) strcat(path, "dir/../");
  strcat(path, "fifo");
  open(path, O_WRONLY);
}
static void reachListener(void) {
  int end = socket(AF_UNIX, SOCK_STREAM, 0);
  connect(end, (void *)&name, sizeof name);
}
static void sendMany(void) {
  int ends[2];
  if (socketpair(AF_UNIX, SOCK_STREAM, 0, ends)) return;
  fcntl(ends[0], F_SETFL, O_NONBLOCK);
  static char much[1 << 16];
  while (write(ends[0], much, sizeof much) > 0) continue;
  fcntl(ends[0], F_SETFL, 0);
  _Alignas(struct cmsghdr) char control[CMSG_SPACE(DESCRIPTORS * sizeof(int))] = {0};
  struct iovec piece = {much, 1};
  struct msghdr message = {
    .msg_iov = &piece, .msg_iovlen = 1, .msg_control = control, .msg_controllen = sizeof control};
  struct cmsghdr *header = CMSG_FIRSTHDR(&message);
  header->cmsg_len = CMSG_LEN(DESCRIPTORS * sizeof(int));
  header->cmsg_level = SOL_SOCKET;
  header->cmsg_type = SCM_RIGHTS;
  for (int i = 0; i < DESCRIPTORS; i++) ((int *)CMSG_DATA(header))[i] = ends[1];
  sendmsg(ends[0], &message, 0);
}

static void *wait_(void *none) {
  if (!strcmp(way, "fifo")) openFifo();
  else if (!strcmp(way, "connect")) reachListener();
  else if (!strcmp(way, "rights")) sendMany();
  else if (!strcmp(way, "truncate")) truncate("leased", 0);
  else open("leased", O_WRONLY | O_CREAT, 0600);
  return none;
}

static int opens(long milliseconds) {
  struct timespec begin, now;
  clock_gettime(CLOCK_MONOTONIC, &begin);
  long failed = 0, all = 0;
  int error = 0;
  do {
    int fd = open("file", O_RDONLY);
    if (fd < 0) failed++, error = errno;
    else close(fd);
    all++;
    clock_gettime(CLOCK_MONOTONIC, &now);
    now.tv_sec -= begin.tv_sec;
  } while (now.tv_sec * 1000 + (now.tv_nsec - begin.tv_nsec) / 1000000 < milliseconds);
  if (failed) printf("%ld of %ld: %s\n", failed, all, strerrorname_np(error));
  else puts("opened all");
  return 0;
}

static void *sleeper(void *none) { pause(); return none; }
static void makeThreads(long count) {
  pthread_attr_t small;
  pthread_attr_init(&small);
  pthread_attr_setstacksize(&small, PTHREAD_STACK_MIN);
  for (pthread_t made; count > 0; count--)
    if (pthread_create(&made, &small, sleeper, NULL)) _exit(93);
}
int main(int argc, char **argv) {
  if (argc < 3) return 98;
  way = argv[1];
  prctl(PR_SET_PDEATHSIG, SIGKILL);
  if (!strcmp(way, "open")) return opens(atol(argv[2]));
  if (!strcmp(way, "truncate") || !strcmp(way, "create")) {
    close(open("leased", O_CREAT | O_EXCL | O_WRONLY, 0600));
    signal(SIGIO, SIG_IGN);
    if (fcntl(open("leased", O_RDONLY), F_SETLEASE, F_RDLCK)) return 94;
  }
  if (!strcmp(way, "fifo") && mkfifo("fifo", 0600)) return 97;
  if (!strcmp(way, "connect")) {
    int listener = socket(AF_UNIX, SOCK_STREAM, 0);
    if (bind(listener, (void *)&name, sizeof name) || listen(listener, 0)) return 96;
  }
  if (!strcmp(way, "threads")) {
    makeThreads(atol(argv[2]));
    char end;
    return puts("there") < 0 || fflush(stdout) || read(0, &end, 1) != 0;
  }
  for (long i = atol(argv[2]); i > 0; i--) {
    pthread_t made;
    if (pthread_create(&made, NULL, wait_, NULL)) return 95;
  }
  usleep(BEGIN_US);
  close(open("waiting", O_CREAT | O_WRONLY, 0600));
  pause();
}
