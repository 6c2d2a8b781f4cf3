// device WAY [COUNT]: asks a driver's request (TIOCGPTN) of a file, with a device open for which it
// may not ask. Prints what came of it.
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <linux/sched.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>

static int file, device, asked, ends[2], state;
static volatile int stop;

static int ask(void) {
  unsigned number;
  return ioctl(asked, TIOCGPTN, &number) ? errno : 0;
}
static void say(int error) { puts(error ? strerrorname_np(error) : "the driver answered"); }

static void *sleeper(void *none) { pause(); return none; }
static void *swapper(void *none) {
  while (!stop) { dup2(device, asked); dup2(file, asked); }
  return none;
}

static void pass(int fd) {
  char room[CMSG_SPACE(sizeof fd)] = {0}, byte = 'x';
  struct iovec v = {&byte, 1};
  struct msghdr m = {
    .msg_iov = &v, .msg_iovlen = 1, .msg_control = room, .msg_controllen = sizeof room,
  };
  struct cmsghdr *c = CMSG_FIRSTHDR(&m);
  *c = (struct cmsghdr){
    .cmsg_len = CMSG_LEN(sizeof fd), .cmsg_level = SOL_SOCKET, .cmsg_type = SCM_RIGHTS,
  };
  memcpy(CMSG_DATA(c), &fd, sizeof fd);
  if (sendmsg(ends[0], &m, 0) != 1) exit(9);
  close(fd);
}
static int receive(void) {
  char room[CMSG_SPACE(sizeof(int))] = {0}, byte;
  struct iovec v = {&byte, 1};
  struct msghdr m = {
    .msg_iov = &v, .msg_iovlen = 1, .msg_control = room, .msg_controllen = sizeof room,
  };
  int fd;
  if (recvmsg(ends[1], &m, 0) != 1) exit(8);
  memcpy(&fd, CMSG_DATA(CMSG_FIRSTHDR(&m)), sizeof fd);
  return fd;
}
static int runs(void) {
  char text[512];
  ssize_t got = pread(state, text, sizeof text - 1, 0);
  if (got < 0) exit(7);
  text[got] = 0;
  return strrchr(text, ')')[2] == 'R';
}
// Lets the other thread ask, then keeps the only processor from it as soon as it is let go on,
// until the descriptor is another one.
static void *hog(void *none) {
  while (runs() && !stop) usleep(50);
  while (!runs() && !stop) continue;
  int fd = receive();
  dup2(fd, asked);
  close(fd);
  return none;
}

// Another process with this table of descriptors, made by a call of its own kind.
static long share(const char *call) {
  if (!strcmp(call, "clone")) return syscall(SYS_clone, CLONE_FILES | SIGCHLD, 0, 0, 0, 0);
  struct clone_args how = {.flags = CLONE_FILES, .exit_signal = SIGCHLD};
  if (!strcmp(call, "clone3")) return syscall(SYS_clone3, &how, sizeof how);
  // clone of i386, which has another number.
  long made;
  __asm__ volatile("int $0x80"
                   : "=a"(made)
                   : "a"(120), "b"(CLONE_FILES | SIGCHLD), "c"(0), "d"(0), "S"(0), "D"(0)
                   : "memory");
  return made;
}

int main(int argc, char **argv) {
  const char *way = argc > 1 ? argv[1] : "";
  pthread_t t;
  file = open("open/aaaa", O_RDONLY);
  asked = dup(file);
  device = open(strcmp(way, "null") ? "/dev/ptmx" : "/dev/null", O_RDWR | O_NOCTTY);
  if (file < 0 || asked < 0 || device < 0) return 6;
  if (!strcmp(way, "alone")) { say(ask()); return 0; }
  if (!strcmp(way, "shared")) {
    long other = share(argv[2]);
    if (other < 0) return 5;
    if (other == 0) { pause(); return 0; }
    open("ready", O_CREAT | O_WRONLY, 0600);
    while (access("go", F_OK)) usleep(1000);
    say(ask());
    kill(other, SIGKILL);
    return 0;
  }
  if (!strcmp(way, "flight")) {
    if (socketpair(AF_UNIX, SOCK_STREAM, 0, ends)) return 5;
    char name[64];
    snprintf(name, sizeof name, "/proc/self/task/%ld/stat", syscall(SYS_gettid));
    if ((state = open(name, O_RDONLY)) < 0) return 4;
    cpu_set_t one;
    CPU_ZERO(&one);
    CPU_SET(0, &one);
    struct sched_param none = {0};
    // The other thread is made first and runs as usual; this one runs when no other wants to.
    pthread_attr_t a;
    pthread_attr_init(&a);
    pthread_attr_setinheritsched(&a, PTHREAD_EXPLICIT_SCHED);
    if (sched_setaffinity(0, sizeof one, &one)) return 3;
    if (sched_setscheduler(0, SCHED_IDLE, &none)) return 3;
    // The mediator may be quicker than a thread wakes up.
    for (int error = -1; error != 0; dup2(file, asked)) {
      pass(device);
      stop = 0;
      if (pthread_create(&t, &a, hog, NULL)) return 2;
      error = ask();
      stop = 1;
      pthread_join(t, NULL);
      device = open("/dev/ptmx", O_RDWR | O_NOCTTY);
    }
    puts("the driver answered");
    return 0;
  }
  if (!strcmp(way, "race")) {
    if (pthread_create(&t, NULL, swapper, NULL)) return 2;
    int answered = 0, refused = 0, tries = atoi(argv[2]);
    for (int i = 0; i < tries; i++) {
      int error = ask();
      answered += error == 0;
      refused += error == EACCES;
    }
    stop = 1;
    pthread_join(t, NULL);
    printf("tries %d answered %d refused %d\n", tries, answered, refused);
    return 0;
  }
  if (pthread_create(&t, NULL, sleeper, NULL)) return 2;
  say(ask());
  return 0;
}
