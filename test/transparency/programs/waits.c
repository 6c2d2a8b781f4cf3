// Opens and other calls that wait, and what ends their waiting.
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <sys/un.h>

#include "transparent.h"

static volatile int hits;
static void hit(int n) {
  hits += n > 0;
}
static void every(long microseconds, int flags) {
  struct sigaction a = {.sa_handler = hit, .sa_flags = flags};
  sigaction(SIGALRM, &a, NULL);
  struct itimerval t = {{0, microseconds}, {0, microseconds}};
  setitimer(ITIMER_REAL, &t, NULL);
}
static void never_again(void) {
  struct itimerval off = {{0, 0}, {0, 0}};
  setitimer(ITIMER_REAL, &off, NULL);
}
CASE(waits, fifo_reader_first) {
  mkfifo("p", 0600);
  fflush(stdout);
  pid_t c = fork();
  if (c == 0) {
    usleep(30000);
    int w = open("p", O_WRONLY);
    if (write(w, "one", 3) != 3) _exit(1);
    _exit(0);
  }
  int r = open("p", O_RDONLY);
  say_open(r);
  char t[8] = "";
  SAY(read(r, t, sizeof t));
  puts(t);
  say_end("writer", c);
  SAY(read(r, t, sizeof t));
}
CASE(waits, fifo_writer_first) {
  mkfifo("p", 0600);
  fflush(stdout);
  pid_t c = fork();
  if (c == 0) {
    usleep(30000);
    int r = open("p", O_RDONLY | O_CLOEXEC);
    char t[8];
    _exit(read(r, t, sizeof t) == 3 ? 0 : 1);
  }
  int w = open("p", O_WRONLY | O_APPEND);
  say_open(w);
  SAY(write(w, "two", 3));
  say_end("reader", c);
}
CASE(waits, fifo_whose_opener_is_killed) {
  mkfifo("p", 0600);
  fflush(stdout);
  pid_t c = fork();
  if (c == 0) {
    int f = open("p", O_RDONLY);
    _exit(f < 0);
  }
  usleep(50000);
  kill(c, SIGKILL);
  say_end("opener", c);
  SAY_FD(open("p", O_WRONLY | O_NONBLOCK));
  SAY_FD(open("p", O_RDONLY | O_NONBLOCK));
  SAY(unlink("p"));
}
// A listener with no room left: a connecting process waits.
static int full_listener(const char *name) {
  struct sockaddr_un a = {.sun_family = AF_UNIX};
  strcpy(a.sun_path, name);
  int l = socket(AF_UNIX, SOCK_STREAM, 0), c = socket(AF_UNIX, SOCK_STREAM, 0);
  SAY(bind(l, (void *)&a, sizeof a));
  SAY(listen(l, 0));
  SAY(connect(c, (void *)&a, sizeof a));
  return l;
}
static int connect_to(int s, const char *name) {
  struct sockaddr_un a = {.sun_family = AF_UNIX};
  strcpy(a.sun_path, name);
  return connect(s, (void *)&a, sizeof a);
}
static pid_t after_a_moment(int l, int accepts) {
  fflush(stdout);
  pid_t c = fork();
  if (c == 0) {
    usleep(60000);
    for (int i = 0; i < accepts; i++) accept(l, NULL, NULL);
    _exit(0);
  }
  return c;
}
CASE(waits, connect_until_there_is_room) {
  int l = full_listener("s"), s = socket(AF_UNIX, SOCK_STREAM, 0);
  pid_t c = after_a_moment(l, 1);
  SAY(connect_to(s, "s"));
  say_end("accepting", c);
  int a = accept(l, NULL, NULL);
  char t = 0;
  SAY(write(s, "x", 1));
  SAY(read(a, &t, 1));
  SAY(unlink("s"));
}
CASE(waits, connect_without_waiting) {
  full_listener("s");
  int s = socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0);
  SAY(connect_to(s, "s"));
  SAY(unlink("s"));
}
CASE(waits, connect_for_a_time) {
  full_listener("s");
  int s = socket(AF_UNIX, SOCK_STREAM, 0);
  struct timeval given = {0, 30000}, left = {0};
  socklen_t length = sizeof left;
  SAY(setsockopt(s, SOL_SOCKET, SO_SNDTIMEO, &given, sizeof given));
  struct timespec from, to;
  clock_gettime(CLOCK_MONOTONIC, &from);
  SAY(connect_to(s, "s"));
  clock_gettime(CLOCK_MONOTONIC, &to);
  // The kernel counts the time in jiffies of up to ten milliseconds, the one that runs among them.
  printf("waited %d\n",
      (to.tv_sec - from.tv_sec) * 1000 + (to.tv_nsec - from.tv_nsec) / 1000000 >= 20);
  SAY(getsockopt(s, SOL_SOCKET, SO_SNDTIMEO, &left, &length));
  printf("left %d %d\n", (int)left.tv_sec, left.tv_usec > 0);
  SAY(unlink("s"));
}
CASE(waits, connect_until_a_signal) {
  full_listener("s");
  int s = socket(AF_UNIX, SOCK_STREAM, 0);
  hits = 0;
  every(30000, 0);
  SAY(connect_to(s, "s"));
  never_again();
  printf("hit %d\n", hits > 0);
  SAY(unlink("s"));
}
static int told[2];
static void tell(int n) {
  hit(n);
  if (write(told[1], "x", 1) != 1) _exit(9);
}
CASE(waits, connect_goes_on_after_a_signal) {
  int l = full_listener("s"), s = socket(AF_UNIX, SOCK_STREAM, 0);
  SAY(pipe(told));
  fflush(stdout);
  pid_t c = fork();
  if (c == 0) {
    char t;
    _exit(read(told[0], &t, 1) == 1 && accept(l, NULL, NULL) >= 0 ? 0 : 1);
  }
  struct sigaction a = {.sa_handler = tell, .sa_flags = SA_RESTART};
  sigaction(SIGALRM, &a, NULL);
  struct itimerval t = {{0, 0}, {0, 20000}};
  setitimer(ITIMER_REAL, &t, NULL);
  SAY(connect_to(s, "s"));
  say_end("accepting", c);
  SAY(unlink("s"));
}
CASE(waits, connect_until_nobody_listens) {
  int l = full_listener("s"), s = socket(AF_UNIX, SOCK_STREAM, 0);
  pid_t c = after_a_moment(l, 0);
  close(l);
  SAY(connect_to(s, "s"));
  say_end("listening", c);
  SAY(unlink("s"));
}
CASE(waits, connect_until_killed) {
  int l = full_listener("s");
  fflush(stdout);
  pid_t c = fork();
  if (c == 0) {
    connect_to(socket(AF_UNIX, SOCK_STREAM, 0), "s");
    _exit(0);
  }
  usleep(30000);
  kill(c, SIGKILL);
  say_end("connecting", c);
  close(l);
  SAY(unlink("s"));
}
CASE(waits, datagram_until_there_is_room) {
  struct sockaddr_un a = {.sun_family = AF_UNIX, .sun_path = "r"};
  int r = socket(AF_UNIX, SOCK_DGRAM, 0), s = socket(AF_UNIX, SOCK_DGRAM, 0);
  SAY(bind(r, (void *)&a, sizeof a));
  int sent = 0;
  while (sendto(s, "x", 1, MSG_DONTWAIT, (void *)&a, sizeof a) == 1) sent = 1;
  printf("%d, then %s\n", sent, strerrorname_np(errno));
  struct timeval given = {0, 30000}, none = {0, 0};
  SAY(setsockopt(s, SOL_SOCKET, SO_SNDTIMEO, &given, sizeof given));
  SAY(sendto(s, "y", 1, 0, (void *)&a, sizeof a));
  SAY(setsockopt(s, SOL_SOCKET, SO_SNDTIMEO, &none, sizeof none));
  fflush(stdout);
  pid_t c = fork();
  if (c == 0) {
    char t;
    usleep(60000);
    // It was full; if no process may send, nothing more will come.
    _exit(recv(r, &t, 1, MSG_DONTWAIT) == 1 ? 0 : 1);
  }
  SAY(sendto(s, "z", 1, 0, (void *)&a, sizeof a));
  say_end("receiver", c);
  SAY(unlink("r"));
}
CASE(waits, fifo_until_a_signal) {
  mkfifo("p", 0600);
  hits = 0;
  every(30000, 0);
  SAY_FD(open("p", O_RDONLY));
  SAY_FD(open("p", O_WRONLY));
  never_again();
  printf("hit %d\n", hits > 1);
  SAY(unlink("p"));
}
CASE(waits, restarted_by_themselves) {
  every(3000, SA_RESTART);
  int bad = 0;
  // Outside the calls may all be over before the first signal.
  for (int i = 0; i < 150 || !hits; i++) {
    char n[16];
    snprintf(n, sizeof n, "f%d", i);
    int f;
    do f = open(n, O_CREAT | O_EXCL | O_RDWR, 0600);
    while (f < 0 && errno == EINTR);
    if (f < 0 || write(f, n, 3) != 3 || close(f)) bad++;
    while (rename(n, "g") && errno == EINTR) continue;
    while (unlink("g") && errno == EINTR) continue;
    if (access("g", F_OK) == 0 || access(n, F_OK) == 0) bad++;
  }
  never_again();
  printf("%d bad\n", bad);
}
CASE(waits, signals_between_connects) {
  struct sockaddr_un a = {.sun_family = AF_UNIX, .sun_path = "s"};
  int l = socket(AF_UNIX, SOCK_STREAM, 0), bad = 0;
  SAY(bind(l, (void *)&a, sizeof a));
  SAY(listen(l, 200));
  every(3000, SA_RESTART);
  for (int i = 0; i < 100; i++) {
    int c = socket(AF_UNIX, SOCK_STREAM, 0), r;
    do r = connect(c, (void *)&a, sizeof a);
    while (r < 0 && errno == EINTR);
    int s;
    do s = accept(l, NULL, NULL);
    while (s < 0 && errno == EINTR);
    char t = 0;
    if (r < 0 || s < 0 || write(s, "x", 1) != 1 || read(c, &t, 1) != 1 || t != 'x') bad++;
    close(c);
    close(s);
  }
  never_again();
  printf("%d bad\n", bad);
}
CASE(waits, pending_signal_comes_after) {
  sigset_t s;
  struct sigaction a = {.sa_handler = hit};
  sigaction(SIGUSR1, &a, NULL);
  sigemptyset(&s);
  sigaddset(&s, SIGUSR1);
  sigprocmask(SIG_BLOCK, &s, NULL);
  raise(SIGUSR1);
  SAY_FD(open("f", O_CREAT | O_RDWR, 0600));
  SAY(mkdir("d", 0755));
  printf("%d\n", hits);
  sigprocmask(SIG_UNBLOCK, &s, NULL);
  printf("%d\n", hits);
}
static void *spins(void *end) {
  while (!__atomic_load_n((int *)end, __ATOMIC_RELAXED)) kill(getpid(), SIGUSR1);
  return NULL;
}
CASE(waits, signals_of_another_thread) {
  struct sigaction a = {.sa_handler = hit, .sa_flags = SA_RESTART};
  sigaction(SIGUSR1, &a, NULL);
  int end = 0, bad = 0;
  pthread_t t;
  put("f", "x");
  pthread_create(&t, NULL, spins, &end);
  for (int i = 0; i < 100; i++) {
    int f;
    do f = open("f", O_RDWR);
    while (f < 0 && errno == EINTR);
    if (f < 0) bad++;
    close(f);
  }
  __atomic_store_n(&end, 1, __ATOMIC_RELAXED);
  pthread_join(t, NULL);
  printf("%d bad\n", bad);
}
