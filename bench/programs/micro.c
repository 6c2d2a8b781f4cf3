// micro OPERATION ROUNDS PER_ROUND [ARGUMENT]: prints nanoseconds an operation, one line a round.
// The caller compares the lowest rounds of several settings, taken in turns in one run.
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

static const char *argument;
static int pipes[2][2];

static void fail(const char *what) { perror(what); exit(1); }
static void open_close(void) {
  int fd = open(argument, O_RDONLY);
  if (fd < 0) fail(argument);
  close(fd);
}
static void create_unlink(void) {
  int fd = open(argument, O_CREAT | O_WRONLY, 0600);
  if (fd < 0) fail(argument);
  close(fd);
  if (unlink(argument)) fail("unlink");
}
static void connect_close(void) {
  struct sockaddr_in a = {.sin_family = AF_INET, .sin_port = htons((unsigned short)atoi(argument)), .sin_addr = {htonl(INADDR_LOOPBACK)}};
  struct linger reset = {1, 0};
  int s = socket(AF_INET, SOCK_STREAM, 0);
  setsockopt(s, SOL_SOCKET, SO_LINGER, &reset, sizeof reset);
  if (connect(s, (void *)&a, sizeof a)) fail("connect");
  close(s);
}
extern char **environ;
static void fork_exec(void) {
  char *argv[] = {(char *)argument, 0};
  pid_t p;
  int status;
  if (posix_spawn(&p, argument, 0, 0, argv, environ)) fail("posix_spawn");
  waitpid(p, &status, 0);
  if (status) { fprintf(stderr, "%s ended with %d\n", argument, status); exit(1); }
}
static void pipe_turn(void) {
  char c = 1;
  if (write(pipes[0][1], &c, 1) != 1 || read(pipes[1][0], &c, 1) != 1) fail("pipe");
}
static void pipe_peer(void) {
  if (pipe(pipes[0]) || pipe(pipes[1])) fail("pipe");
  if (fork()) { close(pipes[0][0]); return; }
  close(pipes[0][1]);
  for (char c; read(pipes[0][0], &c, 1) == 1;) if (write(pipes[1][1], &c, 1) != 1) break;
  _exit(0);
}
static double now(void) {
  struct timespec t;
  clock_gettime(CLOCK_MONOTONIC, &t);
  return (double)t.tv_sec * 1e9 + (double)t.tv_nsec;
}
int main(int argc, char **argv) {
  static const struct { const char *name; void (*run)(void); } operations[] = {
      {"open", open_close}, {"create", create_unlink}, {"connect", connect_close}, {"exec", fork_exec}, {"pipe", pipe_turn}};
  if (argc < 5) { fprintf(stderr, "usage: micro OPERATION ROUNDS PER_ROUND ARGUMENT\n"); return 2; }
  argument = argv[4];
  for (size_t i = 0; i < sizeof operations / sizeof *operations; i++) {
    if (strcmp(operations[i].name, argv[1])) continue;
    if (operations[i].run == pipe_turn) pipe_peer();
    long rounds = atol(argv[2]), per_round = atol(argv[3]);
    for (long r = 0; r < rounds; r++) {
      double start = now();
      for (long k = 0; k < per_round; k++) operations[i].run();
      printf("%.0f\n", (now() - start) / (double)per_round);
    }
    return 0;
  }
  fprintf(stderr, "unknown operation %s\n", argv[1]);
  return 2;
}
