// Stands in for the front and the launcher: starts the collector as `cofferdam run --events` does,
// confines itself, touches the sentinel, does what its arguments say, and exits. No broker: the
// pipe on descriptor 3 stays open until the end.
//   confined NODE COLLECTOR DOMAIN SENTINEL TARGET ACTION...
// Actions: read PATH | write PATH | create PATH | connect PORT | signal PID | flood N | fork-read
// PATH | line TEXT | sleep MS | udp N | udp-spread N First of all: enter ANCHOR
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <fcntl.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

enum { LOG_NEW_EXEC_ON = 2, MEDIATOR_FD = 3, READY_FD = 4 };

static int events[2];
static pid_t collector;

static void die(const char *step) {
  perror(step);
  exit(125);
}

static void start_collector(char **argv) {
  int ready[2];
  if (pipe2(events, O_CLOEXEC) || pipe2(ready, O_CLOEXEC)) die("pipe");
  int report[2];
  if (pipe2(report, O_CLOEXEC)) die("pipe");
  pid_t between = fork();
  if (between < 0) die("fork");
  if (between == 0) {
    // Handed on at once, as the front does: the daemon has no child that it does not know.
    collector = fork();
    if (collector < 0) die("fork");
    if (collector > 0) {
      if (write(report[1], &collector, sizeof collector) != sizeof collector) die("report");
      _exit(0);
    }
    int in = fcntl(events[0], F_DUPFD, 10), out = fcntl(ready[1], F_DUPFD, 10);
    dup2(in, MEDIATOR_FD);
    dup2(out, READY_FD);
    close_range(READY_FD + 1, ~0U, 0);
    execl(argv[1], argv[1], argv[2], argv[3], argv[4], argv[5], (char *)0);
    die("exec collector");
  }
  waitpid(between, NULL, 0);
  if (read(report[0], &collector, sizeof collector) != sizeof collector) die("report");
  close(report[0]);
  close(report[1]);
  close(events[0]);
  close(ready[1]);
  char byte;
  if (read(ready[0], &byte, 1) != 1) die("collector not ready");
  close(ready[0]);
}

static void confine(const char *sentinel) {
  struct {
    uint64_t fs, net, scoped;
  } attributes = {.fs = 1 << 1 | 1 << 2 | 1 << 8, .net = 2, .scoped = 2};
  int ruleset = syscall(444, &attributes, sizeof attributes, 0);
  if (ruleset < 0) die("landlock_create_ruleset");
  if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0)) die("no_new_privs");
  if (syscall(446, ruleset, LOG_NEW_EXEC_ON)) die("landlock_restrict_self");
  close(ruleset);
  open(sentinel, O_WRONLY | O_CLOEXEC);
}

static void connect_to(int port) {
  struct sockaddr_in address =
      {.sin_family = AF_INET, .sin_port = htons(port), .sin_addr = {htonl(INADDR_LOOPBACK)}};
  int s = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  connect(s, (void *)&address, sizeof address);
  close(s);
}

// As the launcher does: a cgroup that bears the process id, in the anchor.
static void enter(const char *anchor) {
  char path[4096];
  snprintf(path, sizeof path, "%s/%d", anchor, getpid());
  if (mkdir(path, 0755)) die(path);
  strcat(path, "/cgroup.procs");
  int list = open(path, O_WRONLY | O_CLOEXEC);
  if (list < 0 || write(list, "0", 1) != 1) die(path);
  close(list);
}

// To one port, or to one after the other.
static void send_udp(int times, int step) {
  struct sockaddr_in address = {.sin_family = AF_INET, .sin_addr = {htonl(INADDR_LOOPBACK)}};
  int s = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
  for (int port = 53; times-- > 0; port += step) {
    address.sin_port = htons(port);
    sendto(s, "x", 1, 0, (void *)&address, sizeof address);
  }
  close(s);
}

static void act(const char *action, const char *object) {
  if (!strcmp(action, "read")) open(object, O_RDONLY);
  else if (!strcmp(action, "write")) open(object, O_WRONLY);
  else if (!strcmp(action, "create")) open(object, O_WRONLY | O_CREAT, 0600);
  else if (!strcmp(action, "connect")) connect_to(atoi(object));
  else if (!strcmp(action, "signal")) kill(atoi(object), 0);
  else if (!strcmp(action, "sleep")) usleep(1000 * atoi(object));
  else if (!strcmp(action, "udp")) send_udp(atoi(object), 0);
  else if (!strcmp(action, "udp-spread")) send_udp(atoi(object), 1);
  else if (!strcmp(action, "line")) dprintf(events[1], "%s\n", object);
  else if (!strcmp(action, "flood"))
    for (int i = atoi(object); i > 0; i--) open("/etc/hostname", O_RDONLY);
  else if (!strcmp(action, "fork-read")) {
    if (fork() == 0) {
      prctl(PR_SET_NAME, "worker");
      open(object, O_RDONLY);
      _exit(0);
    }
    wait(NULL);
  } else exit(124);
}

int main(int argc, char **argv) {
  if (argc < 6) return 124;
  start_collector(argv);
  printf("%d %d\n", getpid(), collector);
  fflush(stdout);
  int first = argc > 7 && !strcmp(argv[6], "enter") ? 8 : 6;
  if (first == 8) enter(argv[7]);
  confine(argv[4]);
  for (int i = first; i + 1 < argc; i += 2) act(argv[i], argv[i + 1]);
  return 0;
}
