// slowest FOLDER PORT PROGRAM MILLISECONDS: opens, creates, removes, connects and executes in turn,
// each call timed by itself, from when FOLDER has a file `go`. Makes `started` there once it waits
// for that. A line for each kind: its name, median, 99.9th percentile and maximum in microseconds,
// how many there were, and how many failed. FOLDER has a file `there`.
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define CALLS_MAX 1000000
// Turns before the first that counts.
#define WARM_UP 20
#define LOOK_US 1000

enum kind { OPEN, CREATE, UNLINK, CONNECT, EXEC, KINDS };
static const char *const names[KINDS] = {"open", "create", "unlink", "connect", "exec"};
static struct {
  double *taken;
  long count, failed;
} seen[KINDS];
static double deadline;

static double now(void) {
  struct timespec t;
  clock_gettime(CLOCK_MONOTONIC, &t);
  return (double)t.tv_sec * 1e6 + (double)t.tv_nsec / 1e3;
}

static void note(enum kind kind, double begin, int failed) {
  if (seen[kind].count == CALLS_MAX) return;
  seen[kind].taken[seen[kind].count++] = now() - begin;
  seen[kind].failed += failed != 0;
}

static void files(const char *there, const char *made) {
  double begin = now();
  int fd = open(there, O_RDONLY);
  note(OPEN, begin, fd < 0);
  if (fd >= 0) close(fd);
  begin = now();
  fd = open(made, O_CREAT | O_WRONLY, 0600);
  note(CREATE, begin, fd < 0);
  if (fd >= 0) close(fd);
  begin = now();
  int failed = unlink(made);
  note(UNLINK, begin, failed && fd >= 0);
}

static void connection(const char *port) {
  struct sockaddr_in to = {.sin_family = AF_INET, .sin_port = htons((unsigned short)atoi(port)),
                           .sin_addr = {htonl(INADDR_LOOPBACK)}};
  struct linger reset = {1, 0};
  int s = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  setsockopt(s, SOL_SOCKET, SO_LINGER, &reset, sizeof reset);
  double begin = now();
  int failed = connect(s, (struct sockaddr *)&to, sizeof to);
  note(CONNECT, begin, failed);
  if (s >= 0) close(s);
}

static void execution(const char *program) {
  extern char **environ;
  char *arguments[] = {(char *)program, NULL};
  int status = 1;
  double begin = now();
  pid_t child = vfork();
  if (child == 0) {
    execve(program, arguments, environ);
    _exit(127);
  }
  if (child > 0) waitpid(child, &status, 0);
  note(EXEC, begin, status);
}

static int by_size(const void *a, const void *b) {
  double first = *(const double *)a, second = *(const double *)b;
  return first < second ? -1 : first > second;
}

static void turn(char **argv, const char *there, const char *made) {
  files(there, made);
  connection(argv[2]);
  execution(argv[3]);
}

// Looking whether a name is there is not asked about.
static void wait_to_go(const char *folder) {
  char name[4096];
  snprintf(name, sizeof name, "%s/started", folder);
  close(open(name, O_CREAT | O_WRONLY, 0600));
  snprintf(name, sizeof name, "%s/go", folder);
  while (access(name, F_OK)) usleep(LOOK_US);
}

int main(int argc, char **argv) {
  char there[4096], made[4096];
  if (argc != 5) return 2;
  snprintf(there, sizeof there, "%s/there", argv[1]);
  snprintf(made, sizeof made, "%s/made", argv[1]);
  for (int kind = 0; kind < KINDS; kind++) seen[kind].taken = malloc(CALLS_MAX * sizeof(double));
  for (int i = 0; i < WARM_UP; i++) turn(argv, there, made);
  for (int kind = 0; kind < KINDS; kind++) seen[kind].count = seen[kind].failed = 0;
  wait_to_go(argv[1]);
  deadline = now() + atof(argv[4]) * 1e3;
  while (now() < deadline) turn(argv, there, made);
  for (int kind = 0; kind < KINDS; kind++) {
    long count = seen[kind].count;
    double *taken = seen[kind].taken;
    qsort(taken, (size_t)count, sizeof *taken, by_size);
    printf("%s %.0f %.0f %.0f %ld %ld\n", names[kind], taken[count / 2],
           taken[(long)((double)(count - 1) * 0.999)], taken[count - 1], count, seen[kind].failed);
  }
  return 0;
}
