// micro OPERATION ROUNDS PER_ROUND ARGUMENT: prints nanoseconds an operation, one line a round. The
// caller compares the lowest rounds of several settings, taken in turns in one run.
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

static const char *argument;
static int pipes[2][2];

static void fail(const char *what) {
  perror(what);
  exit(1);
}

static void open_close(void) {
  int fd = open(argument, O_RDONLY);
  if (fd < 0) fail(argument);
  close(fd);
}

static void make(void) {
  int fd = open(argument, O_CREAT | O_WRONLY, 0600);
  if (fd < 0) fail(argument);
  close(fd);
}

static void take_away(void) {
  if (unlink(argument)) fail("unlink");
}

static void create_unlink(void) {
  make();
  take_away();
}

static int connected(void) {
  struct sockaddr_in a = {.sin_family = AF_INET, .sin_port = htons((unsigned short)atoi(argument)),
                          .sin_addr = {htonl(INADDR_LOOPBACK)}};
  struct linger reset = {1, 0};
  int s = socket(AF_INET, SOCK_STREAM, 0);
  setsockopt(s, SOL_SOCKET, SO_LINGER, &reset, sizeof reset);
  if (connect(s, (void *)&a, sizeof a)) fail("connect");
  return s;
}

static void connect_close(void) { close(connected()); }

static void asked(int s, const char *question) {
  if (write(s, question, strlen(question)) != (ssize_t)strlen(question)) fail("write");
}

// Of a web server, over a connection of its own, which the server ends.
static void get_page(void) {
  char answer[8192];
  size_t bytes = 0;
  ssize_t more;
  int s = connected();
  asked(s, "GET /page HTTP/1.0\r\n\r\n");
  while ((more = read(s, answer + bytes, sizeof answer - bytes)) > 0) bytes += (size_t)more;
  close(s);
  if (bytes < 12 || strncmp(answer, "HTTP/1.1 200", 12)) fail("no page");
}

// Of redis, over one connection.
static void set_key(void) {
  static int s = -1;
  char answer[5];
  if (s < 0) s = connected();
  asked(s, "*3\r\n$3\r\nSET\r\n$3\r\nkey\r\n$5\r\nvalue\r\n");
  if (recv(s, answer, sizeof answer, MSG_WAITALL) != 5 || strncmp(answer, "+OK", 3)) fail("no +OK");
}

static void connect_unix(void) {
  struct sockaddr_un a = {.sun_family = AF_UNIX};
  int s = socket(AF_UNIX, SOCK_STREAM, 0);
  strncpy(a.sun_path, argument, sizeof a.sun_path - 1);
  if (connect(s, (void *)&a, sizeof a)) fail(argument);
  close(s);
}

static void look_at(void) {
  struct stat seen;
  if (stat(argument, &seen)) fail(argument);
}

static void ended_well(pid_t child) {
  int status;
  waitpid(child, &status, 0);
  if (status) {
    fprintf(stderr, "%s ended with %d\n", argument, status);
    exit(1);
  }
}

extern char **environ;

static void fork_exec(void) {
  char *argv[] = {(char *)argument, 0};
  pid_t child;
  if (posix_spawn(&child, argument, 0, 0, argv, environ)) fail("posix_spawn");
  ended_well(child);
}

static void fork_only(void) {
  pid_t child = fork();
  if (child == 0) _exit(0);
  if (child < 0) fail("fork");
  ended_well(child);
}

static void vfork_exec(void) {
  char *argv[] = {(char *)argument, 0};
  pid_t child = vfork();
  if (child == 0) {
    execve(argument, argv, environ);
    _exit(127);
  }
  if (child < 0) fail("vfork");
  ended_well(child);
}

// As the loader does with a library that is open.
static void map_code(void) {
  static int fd = -1;
  if (fd < 0) fd = open(argument, O_RDONLY);
  void *at = mmap(NULL, 4096, PROT_READ | PROT_EXEC, MAP_PRIVATE, fd, 0);
  if (at == MAP_FAILED) fail("mmap");
  munmap(at, 4096);
}

static void pipe_turn(void) {
  char c = 1;
  if (write(pipes[0][1], &c, 1) != 1 || read(pipes[1][0], &c, 1) != 1) fail("pipe");
}

static void pipe_peer(void) {
  if (pipe(pipes[0]) || pipe(pipes[1])) fail("pipe");
  if (fork()) {
    close(pipes[0][0]);
    return;
  }
  close(pipes[0][1]);
  for (char c; read(pipes[0][0], &c, 1) == 1;)
    if (write(pipes[1][1], &c, 1) != 1) break;
  _exit(0);
}

static double now(void) {
  struct timespec t;
  clock_gettime(CLOCK_MONOTONIC, &t);
  return (double)t.tv_sec * 1e9 + (double)t.tv_nsec;
}

// `run` is measured; what it needs again is done by `again`, unmeasured.
static const struct operation {
  const char *name;
  void (*run)(void);
  void (*again)(void);
} operations[] = {{"open", open_close, NULL},  {"create", create_unlink, NULL},
                  {"make", make, take_away},   {"unlink", take_away, make},
                  {"connect", connect_close, NULL}, {"exec", fork_exec, NULL},
                  {"vfork", vfork_exec, NULL}, {"map", map_code, NULL},
                  {"pipe", pipe_turn, NULL},  {"stat", look_at, NULL},
                  {"fork", fork_only, NULL},  {"unix", connect_unix, NULL},
                  {"page", get_page, NULL},   {"set", set_key, NULL}};

static double measured(const struct operation *one, long count) {
  double start = now(), taken = 0;
  for (long k = 0; k < count; k++) {
    one->run();
    if (one->again == NULL) continue;
    taken += now() - start;
    one->again();
    start = now();
  }
  return (taken + now() - start) / (double)count;
}

int main(int argc, char **argv) {
  if (argc < 5) {
    fprintf(stderr, "usage: micro OPERATION ROUNDS PER_ROUND ARGUMENT\n");
    return 2;
  }
  argument = argv[4];
  for (size_t i = 0; i < sizeof operations / sizeof *operations; i++) {
    if (strcmp(operations[i].name, argv[1])) continue;
    if (operations[i].run == pipe_turn) pipe_peer();
    if (operations[i].run == take_away) make();
    for (long r = atol(argv[2]); r > 0; r--)
      printf("%.0f\n", measured(&operations[i], atol(argv[3])));
    if (operations[i].run == take_away) take_away();
    return 0;
  }
  fprintf(stderr, "unknown operation %s\n", argv[1]);
  return 2;
}
