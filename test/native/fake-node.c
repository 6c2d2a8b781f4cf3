/* Stands for node in the tests of the native front. Files in its dist folder tell it what to do:
 *   compile:   copies next.plan to --out and to descriptor 3 (nothing without that file), writes
 *              the arguments and the environment to compile.log, and exits with the status in
 *              compile.status. Where plan.removed exists, it removes --out. While compile.wait
 *              exists, it waits.
 *   mediator:  mediator.rule is what to do with each call; with commas, one rule for each start:
 *                deny             EPERM
 *                continue         CONTINUE
 *                continue-execve  CONTINUE for execve, else EPERM
 *                die              dies at once
 *                die-received     after it has marked the call
 *                die-unmarked     before it marks the call
 *                die-done         after it has recorded EXDEV as the response
 *                die-counted      after an answer, with an event that is not written
 *              Each start is a line in mediator.log.
 *   mediator.js untold | given-up: writes `tells` with that word to mediator.log.
 *   shared SOCKET PROGRAM: the shared mediator, with the files beside PROGRAM.
 *   collector: reads events, writes READY, copies its input to its FILE (`-`: output). */
#include <errno.h>
#include <fcntl.h>
#include <linux/seccomp.h>
#include <poll.h>
#include <signal.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/un.h>
#include <unistd.h>

#include "../../native/plan-layout.h"

/* Where the compiler finds the memfd for the plan of the start that waits. */
#define INTO 3
/* Between two looks at a file, in microseconds. */
#define WAIT_US 10000

static char *in_dist(const char *program, const char *name)
{
  char *path;
  const char *slash = strrchr(program, '/');
  if (asprintf(&path, "%.*s/%s", (int)(slash - program), program, name) < 0)
    abort();
  return path;
}

static size_t slurp(const char *path, char *text, size_t room)
{
  int file = open(path, O_RDONLY);
  ssize_t length = file < 0 ? 0 : read(file, text, room - 1);
  if (file >= 0)
    close(file);
  text[length < 0 ? 0 : length] = 0;
  return (size_t)(length < 0 ? 0 : length);
}

static int compile(int argc, char **argv)
{
  static char text[1 << 20];
  int log = open(in_dist(argv[1], "compile.log"), O_WRONLY | O_CREAT | O_APPEND, 0666);
  for (int i = 2; i < argc; i++)
    dprintf(log, "argument %s\n", argv[i]);
  for (char **variable = environ; *variable != NULL; variable++)
    dprintf(log, "variable %s\n", *variable);
  for (int i = 0; i < 64; i++)
    if (fcntl(i, F_GETFD) >= 0 && i != log)
      dprintf(log, "descriptor %d\n", i);
  while (access(in_dist(argv[1], "compile.wait"), F_OK) == 0)
    usleep(WAIT_US);
  size_t length = slurp(in_dist(argv[1], "next.plan"), text, sizeof text);
  if (length > 0) {
    bool removed = access(in_dist(argv[1], "plan.removed"), F_OK) == 0;
    int out = open(removed ? "/dev/null" : argv[4], O_WRONLY | O_CREAT | O_TRUNC, 0644);
    if (write(out, text, length) != (ssize_t)length || write(INTO, text, length) != (ssize_t)length)
      return 9;
    close(out);
  }
  printf("compiled\n");
  /* node does this with pipes. */
  fcntl(STDERR_FILENO, F_SETFL, fcntl(STDERR_FILENO, F_GETFL) | O_NONBLOCK);
  slurp(in_dist(argv[1], "compile.status"), text, sizeof text);
  return atoi(text);
}

static void reply(uint64_t id, int error, uint32_t flags)
{
  struct seccomp_notif_resp response = {.id = id, .error = error, .flags = flags};
  ioctl(MEDIATOR_FD_LISTENER, SECCOMP_IOCTL_NOTIF_SEND, &response);
}

/* The rule of this start: they stand in a row, with commas between, and the last holds for ever. */
static char *rule_now(const char *program, int *log)
{
  static char rules[256], text[1 << 16];
  slurp(in_dist(program, "mediator.rule"), rules, sizeof rules);
  slurp(in_dist(program, "mediator.log"), text, sizeof text);
  char *rule = rules;
  for (char *start = text;
       (start = strstr(start, "start ")) != NULL && strchr(rule, ',') != NULL;
       start++)
    rule = strchr(rule, ',') + 1;
  rule[strcspn(rule, ",\n")] = 0;
  int low = open(in_dist(program, "mediator.log"), O_WRONLY | O_CREAT | O_APPEND, 0666);
  *log = fcntl(low, F_DUPFD, 100);
  close(low);
  return rule;
}

static void handle(const char *rule, uint8_t *slots, bool with_events)
{
  uint32_t *state = (void *)slots;
  struct seccomp_notif *call = (void *)(slots + SLOT_NOTIF_OFFSET);
  struct seccomp_notif_resp *response = (void *)(slots + SLOT_RESPONSE_OFFSET);
  if (with_events)
    dprintf(MEDIATOR_FD_EVENTS, "{\"test\":\"native\",\"pid\":%d}\n", call->pid);
  if (strcmp(rule, "die-unmarked") == 0)
    abort();
  *state = SLOT_RECEIVED;
  if (strcmp(rule, "die-received") == 0)
    abort();
  *response = (struct seccomp_notif_resp){.id = call->id, .error = -EXDEV};
  *state = SLOT_DONE;
  if (strcmp(rule, "die-done") == 0)
    abort();
  if (strcmp(rule, "continue") == 0 ||
      (strcmp(rule, "continue-execve") == 0 && call->data.nr == SYS_execve))
    reply(call->id, 0, SECCOMP_USER_NOTIF_FLAG_CONTINUE);
  else
    reply(call->id, -EPERM, 0);
  *state = SLOT_FREE;
  *(uint32_t *)(slots + SLOT_UNTOLD_MEDIATOR) = strcmp(rule, "die-counted") == 0;
  if (strcmp(rule, "die-counted") == 0)
    abort();
}

/* What a predecessor left. */
static void succeed(const char *rule, uint8_t *slots, int log, bool with_events)
{
  struct seccomp_notif *call = (void *)(slots + SLOT_NOTIF_OFFSET);
  struct seccomp_notif_resp *response = (void *)(slots + SLOT_RESPONSE_OFFSET);
  uint64_t id = call->id;
  if (id == 0 || ioctl(MEDIATOR_FD_LISTENER, SECCOMP_IOCTL_NOTIF_ID_VALID, &id) != 0)
    return;
  dprintf(log, "found state %u\n", *(uint32_t *)slots);
  if (*(uint32_t *)slots == SLOT_DONE && response->id == id)
    reply(id, response->error, response->flags);
  else
    handle(rule, slots, with_events);
}

static bool is_silence(int fd)
{
  struct stat file;
  return fd == MEDIATOR_FD_SUMMARY && fstat(fd, &file) == 0 && S_ISCHR(file.st_mode);
}

static int mediate(const char *program, int gone)
{
  int log;
  struct stat events;
  bool with_events = fstat(MEDIATOR_FD_EVENTS, &events) == 0 && S_ISFIFO(events.st_mode);
  const char *rule = rule_now(program, &log);
  dprintf(log, "start pid %d parent %d path %s\n", getpid(), getppid(), getenv("PATH"));
  for (int i = MEDIATOR_FD_EVENTS + !with_events; i < 64; i++)
    if (fcntl(i, F_GETFD) >= 0 && i != gone && i != MEDIATOR_FD_HOLDER &&
        i != MEDIATOR_FD_PLACE && !is_silence(i))
      dprintf(log, "descriptor %d\n", i);
  if (strcmp(rule, "die") == 0)
    return 3;
  uint8_t *slots =
      mmap(NULL, SLOTS_BYTES, PROT_READ | PROT_WRITE, MAP_SHARED, MEDIATOR_FD_SLOTS, 0);
  char magic[8];
  if (slots == MAP_FAILED || pread(MEDIATOR_FD_PLAN, magic, 8, 0) != 8 ||
      memcmp(magic, PLAN_MAGIC, 8) != 0)
    return 4;
  succeed(rule, slots, log, with_events);
  for (;;) {
    struct pollfd watched[] = {
        {.fd = MEDIATOR_FD_LISTENER, .events = POLLIN},
        {.fd = gone, .events = POLLIN},
    };
    poll(watched, 2, -1);
    if ((watched[0].revents & POLLHUP) || watched[1].revents) {
      dprintf(log, "end\n");
      if (!is_silence(MEDIATOR_FD_SUMMARY) && gone < 0)
        dprintf(MEDIATOR_FD_SUMMARY, "summary\n");
      return 0;
    }
    struct seccomp_notif *call = (void *)(slots + SLOT_NOTIF_OFFSET);
    memset(call, 0, sizeof *call);
    if (ioctl(MEDIATOR_FD_LISTENER, SECCOMP_IOCTL_NOTIF_RECV, call) == 0)
      handle(rule, slots, with_events);
  }
}

static int tell(const char *program, const char *word)
{
  int log = open(in_dist(program, "mediator.log"), O_WRONLY | O_CREAT | O_APPEND, 0666);
  return dprintf(log, "tells %s\n", word) < 0;
}

static void send_next(int connection, int next)
{
  char control[CMSG_SPACE(sizeof(int))] = {0}, byte = 0;
  struct iovec vector = {&byte, sizeof byte};
  struct msghdr message = {
      .msg_iov = &vector,
      .msg_iovlen = 1,
      .msg_control = control,
      .msg_controllen = sizeof control,
  };
  struct cmsghdr *header = CMSG_FIRSTHDR(&message);
  *header = (struct cmsghdr){CMSG_LEN(sizeof(int)), SOL_SOCKET, SCM_RIGHTS};
  memcpy(CMSG_DATA(header), &next, sizeof next);
  if (sendmsg(connection, &message, MSG_NOSIGNAL) != sizeof byte)
    abort();
  close(next);
}

/* As if two mediators took over, one right after the other, and the first had not read the bell of
   the holder when it died. Returns the connection of the second, once the holder rings there. */
static int take_over_twice(int connection)
{
  struct ucred holder;
  socklen_t length = sizeof holder;
  int first[2], second[2];
  char bell[16];
  if (getsockopt(connection, SOL_SOCKET, SO_PEERCRED, &holder, &length) != 0 ||
      socketpair(AF_UNIX, SOCK_SEQPACKET, 0, first) != 0 ||
      socketpair(AF_UNIX, SOCK_SEQPACKET, 0, second) != 0)
    abort();
  send_next(connection, first[0]);
  struct pollfd rings = {.fd = first[1], .events = POLLIN};
  poll(&rings, 1, -1);
  /* It must find both at once: the second connection, and the end of the first. */
  kill(holder.pid, SIGSTOP);
  send_next(first[1], second[0]);
  close(first[1]);
  kill(holder.pid, SIGCONT);
  if (recv(second[1], bell, sizeof bell, 0) <= 0)
    exit(0);
  dup2(second[1], connection);
  close(second[1]);
  return connection;
}

/* The stand-in for the host's shared mediator: a process for each holder. Rule `refuse`: closes
   without a word; `elsewhere`: says that the run is to have its own; `full`: also to launchers
   that ask; `succeeds-twice`: takes over two times before the first call. */
static int share(const char *path, const char *program)
{
  struct sockaddr_un address = {.sun_family = AF_UNIX};
  strncpy(address.sun_path, path, sizeof address.sun_path - 1);
  int server = socket(AF_UNIX, SOCK_SEQPACKET, 0), log;
  unlink(path);
  if (bind(server, (void *)&address, sizeof address) != 0 || listen(server, 8) != 0)
    return 8;
  printf("ready\n");
  fflush(stdout);
  signal(SIGCHLD, SIG_IGN);
  for (int connection; (connection = accept(server, NULL, NULL)) >= 0; close(connection)) {
    if (fork() != 0)
      continue;
    char text[16], control[CMSG_SPACE(4 * sizeof(int))];
    struct iovec vector = {text, sizeof text};
    struct msghdr message = {
        .msg_iov = &vector,
        .msg_iovlen = 1,
        .msg_control = control,
        .msg_controllen = sizeof control,
    };
    int handed[4] = {-1, -1, -1, -1}, gone = fcntl(connection, F_DUPFD, 80);
    ssize_t length = recvmsg(gone, &message, 0);
    struct cmsghdr *header = CMSG_FIRSTHDR(&message);
    const char *rule = rule_now(program, &log);
    if (length == 8 && memcmp(text, HOLDER_ASKS, 8) == 0) {
      dprintf(log, "asked\n");
      return write(gone, strcmp(rule, "full") == 0 ? "\3" : "\1", 1) != 1;
    }
    if (length != 8 || memcmp(text, HOLDER_HOLDS, 8) != 0 || header == NULL)
      return 9;
    if (strcmp(rule, "elsewhere") == 0 || strcmp(rule, "full") == 0) {
      dprintf(log, "start elsewhere\n");
      return write(gone, "\3", 1) != 1;
    }
    if (strcmp(rule, "refuse") == 0) {
      dprintf(log, "start refused\n");
      return 0;
    }
    memcpy(handed, CMSG_DATA(header), header->cmsg_len - CMSG_LEN(0));
    for (int i = 0; i < 4; i++)
      if (handed[i] >= 0)
        handed[i] = fcntl(handed[i], F_DUPFD, 40);
    for (int i = 3; i < 40; i++)
      close(i);
    for (int i = 0; i < 4; i++)
      if (handed[i] >= 0 && (dup2(handed[i], 3 + i) < 0 || close(handed[i]) != 0))
        return 10;
    dprintf(log, "shared\n");
    if (write(gone, "\1", 1) != 1)
      return 11;
    close(log);
    exit(mediate(program, strcmp(rule, "succeeds-twice") == 0 ? take_over_twice(gone) : gone));
  }
  return 12;
}

static int collect(char **argv)
{
  char bytes[4096];
  if (access(in_dist(argv[1], "collector.broken"), F_OK) == 0)
    return 5;
  int out = strcmp(argv[4], "-") == 0 ? STDOUT_FILENO
                                      : open(argv[4], O_WRONLY | O_CREAT | O_APPEND, 0666);
  dprintf(out, "collector %s %s\n", argv[2], argv[3]);
  if (write(4, "!", 1) != 1)
    return 6;
  close(4);
  for (ssize_t length; (length = read(3, bytes, sizeof bytes)) > 0;)
    if (write(out, bytes, (size_t)length) != length)
      return 7;
  dprintf(out, "collector ends\n");
  return 0;
}

int main(int argc, char **argv)
{
  const char *program = argc > 1 ? strrchr(argv[1], '/') : NULL;
  if (program != NULL && strcmp(program, "/mediator.js") == 0 && argc > 2 &&
      strcmp(argv[2], "own") != 0)
    return tell(argv[1], argv[2]);
  if (program != NULL && strcmp(program, "/mediator.js") == 0)
    return mediate(argv[1], -1);
  if (argc == 4 && strcmp(argv[1], "shared") == 0)
    return share(argv[2], argv[3]);
  if (program != NULL && strcmp(program, "/collector.js") == 0)
    return collect(argv);
  if (argc > 4 && strcmp(argv[2], "compile") == 0)
    return compile(argc, argv);
  printf("command line:");
  for (int i = 2; i < argc; i++)
    printf(" %s", argv[i]);
  printf("\nNODE_OPTIONS=%s LD_PRELOAD=%s KEPT=%s\n", getenv("NODE_OPTIONS"),
         getenv("LD_PRELOAD"), getenv("KEPT"));
  return 42;
}
