// groups WAY: what reaches everybody in a process group. Prints what each attempt came to.
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <linux/ioprio.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <termios.h>
#include <unistd.h>

enum { OWN_THREAD = -10000, OWN_PROCESS = -10001, WHOLE_GROUP = 4, WAIT_US = 1000, RACE_MS = 2000 };

static pid_t outsider;

static long say(const char *what, long result) {
  printf("%s: %s\n", what, result < 0 ? strerrorname_np(errno) : "done");
  fflush(stdout);
  return result;
}
static void put(const char *name, const char *text) {
  int fd = open("new", O_CREAT | O_WRONLY | O_TRUNC, 0666);
  if (fd < 0 || write(fd, text, strlen(text)) < 0 || rename("new", name)) exit(9);
  close(fd);
}
static void await(const char *name) { while (access(name, F_OK)) usleep(WAIT_US); }

// A group of its own, which the bystander outside joins, as a shell puts the other end of a pipe
// into the group of the first command.
static void leadOutsider(void) {
  char text[16];
  setpgid(0, 0);
  snprintf(text, sizeof text, "%d", getpid());
  put("join", text);
  await("joined");
}
static long by(int descriptor) {
  return syscall(SYS_pidfd_send_signal, descriptor, SIGUSR1, NULL, WHOLE_GROUP);
}
static pid_t child(void) {
  pid_t made = fork();
  if (made == 0) for (;;) pause();
  return made;
}

static void whole(void) {
  leadOutsider();
  say("by pidfd", by(syscall(SYS_pidfd_open, getpid(), 0)));
  say("by itself", by(OWN_PROCESS));
  say("by its thread", by(OWN_THREAD));
  say("by group", kill(-getpid(), SIGUSR1));
  say("by 0", kill(0, SIGUSR1));
  say("owner", fcntl(0, F_SETOWN, -getpid()));
  say("priority", setpriority(PRIO_PGRP, 0, 5));
  say("i/o priority", syscall(SYS_ioprio_set, IOPRIO_WHO_PGRP, 0, IOPRIO_PRIO_VALUE(2, 7)));
}
static void own(void) {
  setpgid(0, 0);
  pid_t one = child();
  say("by pidfd", by(syscall(SYS_pidfd_open, getpid(), 0)));
  say("by itself", by(OWN_PROCESS));
  say("itself alone", syscall(SYS_pidfd_send_signal, OWN_PROCESS, SIGUSR1, NULL, 0));
  say("its thread", syscall(SYS_pidfd_send_signal, OWN_THREAD, SIGUSR1, NULL, 1));
  say("by group", kill(-getpid(), SIGUSR1));
  say("by 0", kill(0, SIGUSR1));
  say("priority", setpriority(PRIO_PGRP, 0, 5));
  say("of a child", setpgid(one, 0));
  say("by 0", kill(0, SIGUSR1));
  say("into the child's", setpgid(0, one));
  say("back", setpgid(0, 0));
  say("a session", setsid() < 0 && errno == EPERM ? 0 : -1);
  kill(one, SIGKILL);
}
static void join(void) {
  say("the outsider's", setpgid(0, outsider));
  pid_t one = child();
  say("a child", setpgid(one, outsider));
  kill(one, SIGKILL);
}
static void stop(void) {
  join();
  struct termios now;
  tcgetattr(0, &now);
  signal(SIGTTOU, SIG_DFL);
  say("terminal", tcsetattr(0, TCSANOW, &now));
}
// A group that was left, and still contains the outsider, is not entered again.
static void back(void) {
  leadOutsider();
  pid_t one = child();
  say("a child leads", setpgid(one, 0));
  say("to the child", setpgid(0, one));
  say("back", setpgid(0, 0));
  kill(one, SIGKILL);
}
// An empty group, into which any process could come.
static void nobody(void) {
  pid_t absent = child();
  kill(absent, SIGKILL);
  waitpid(absent, NULL, 0);
  say("join", setpgid(0, absent));
  say("kill", kill(-absent, SIGUSR1));
  say("owner", fcntl(0, F_SETOWN, -absent));
  say("priority", setpriority(PRIO_PGRP, absent, 5));
}

static void *sleeper(void *none) { pause(); return none; }
// Input of a terminal whose foreground group is the outsider's.
static void keys(void) {
  int on = 1;
  setpgid(0, 0);
  fcntl(0, F_SETSIG, SIGUSR1);
  say("F_SETFL", fcntl(0, F_SETFL, O_RDWR | O_ASYNC));
  say("FIOASYNC", ioctl(0, FIOASYNC, &on));
  put("key", "");
  while (!access("key", F_OK)) usleep(WAIT_US);
  usleep(50 * WAIT_US);
}
static volatile sig_atomic_t told;
static void tell(int signal) { (void)signal; told = 1; }
static void sockets(void) {
  int ends[2], on = 1;
  socketpair(AF_UNIX, SOCK_STREAM, 0, ends);
  signal(SIGIO, tell);
  fcntl(ends[0], F_SETOWN, getpid());
  say("F_SETFL", fcntl(ends[0], F_SETFL, O_RDWR | O_ASYNC));
  if (write(ends[1], "x", 1) == 1 && told) puts("told");
  told = 0;
  fcntl(ends[0], F_SETFL, O_RDWR);
  if (write(ends[1], "x", 1) == 1 && !told) puts("not told");
  say("FIOASYNC", ioctl(ends[0], FIOASYNC, &on));
  if (write(ends[1], "x", 1) == 1 && told) puts("told");
}
static int terminal(void) {
  int other = posix_openpt(O_RDWR | O_NOCTTY);
  if (other < 0 || grantpt(other) || unlockpt(other)) exit(8);
  int side = open(ptsname(other), O_RDWR | O_NOCTTY);
  if (side < 0) exit(7);
  return side;
}
// A terminal for a session of its own, and for one that a process outside is in.
static void control(int argc) {
  pid_t made = fork();
  if (made == 0) {
    setsid();
    pthread_t other;
    if (argc > 2) pthread_create(&other, NULL, sleeper, NULL);
    int side = terminal();
    say("its own", ioctl(side, TIOCSCTTY, 0));
    pid_t one = child();
    setpgid(one, one);
    say("foreground", tcsetpgrp(side, one));
    kill(one, SIGKILL);
    _exit(0);
  }
  waitpid(made, NULL, 0);
  say("with others", ioctl(terminal(), TIOCSCTTY, 0));
}

static volatile int over;
static void *mover(void *initial) {
  while (!over) {
    syscall(SYS_setpgid, 0, *(pid_t *)initial);
    syscall(SYS_setpgid, 0, 0);
  }
  return NULL;
}
static void race(void) {
  pthread_t other;
  signal(SIGUSR1, SIG_IGN);
  setpgid(0, 0);
  pthread_create(&other, NULL, mover, &outsider);
  struct timespec begin, now;
  clock_gettime(CLOCK_MONOTONIC, &begin);
  do {
    kill(0, SIGUSR1);
    clock_gettime(CLOCK_MONOTONIC, &now);
  } while ((now.tv_sec - begin.tv_sec) * 1000 + (now.tv_nsec - begin.tv_nsec) / 1000000 < RACE_MS);
  over = 1;
  pthread_join(other, NULL);
  puts("over");
}

int main(int argc, char **argv) {
  const char *way = argc > 1 ? argv[1] : "", *said = getenv("OUTSIDER");
  outsider = said ? atoi(said) : 0;
  signal(SIGUSR1, SIG_IGN);
  if (argc > 2) {
    pthread_t other;
    pthread_create(&other, NULL, sleeper, NULL);
  }
  if (!strcmp(way, "whole")) whole();
  else if (!strcmp(way, "own")) own();
  else if (!strcmp(way, "join")) join();
  else if (!strcmp(way, "stop")) stop();
  else if (!strcmp(way, "back")) back();
  else if (!strcmp(way, "nobody")) nobody();
  else if (!strcmp(way, "race")) race();
  else if (!strcmp(way, "keys")) keys();
  else if (!strcmp(way, "sockets")) sockets();
  else if (!strcmp(way, "control")) control(argc);
  else return 98;
  return 0;
}
