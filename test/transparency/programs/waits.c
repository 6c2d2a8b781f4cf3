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
