/* Stands for node in the tests of the native front. What it does is set by files in its dist folder:
 *   compile:   next.plan is copied to --out (missing: nothing), compile.log gets the arguments and the environment,
 *              compile.status is the exit status.
 *   mediator:  mediator.rule says what to do with each call: `deny` (EPERM), `continue`, `die` at once, `die-received` after
 *              marking the call, `die-unmarked` before it, `die-done` with a recorded response of EXDEV. mediator.log gets a line each start.
 *   collector: reads events, writes READY, copies what comes to its FILE (`-`: output). */
#include <errno.h>
#include <fcntl.h>
#include <linux/seccomp.h>
#include <poll.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <unistd.h>

#include "../../native/plan-layout.h"

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
  size_t length = slurp(in_dist(argv[1], "next.plan"), text, sizeof text);
  if (length > 0) {
    int out = open(argv[4], O_WRONLY | O_CREAT | O_TRUNC, 0644);
    if (write(out, text, length) != (ssize_t)length)
      return 9;
    close(out);
  }
  printf("compiled\n");
  fcntl(STDERR_FILENO, F_SETFL, fcntl(STDERR_FILENO, F_GETFL) | O_NONBLOCK); /* as node does with pipes */
  slurp(in_dist(argv[1], "compile.status"), text, sizeof text);
  return atoi(text);
}

static void reply(uint64_t id, int error, uint32_t flags)
{
  struct seccomp_notif_resp response = {.id = id, .error = error, .flags = flags};
  ioctl(MEDIATOR_FD_LISTENER, SECCOMP_IOCTL_NOTIF_SEND, &response);
}

static int mediate(char **argv)
{
  char rule[64];
  slurp(in_dist(argv[1], "mediator.rule"), rule, sizeof rule);
  int log = open(in_dist(argv[1], "mediator.log"), O_WRONLY | O_CREAT | O_APPEND, 0666);
  dprintf(log, "start pid %d parent %d path %s\n", getpid(), getppid(), getenv("PATH"));
  for (int i = 7; i < 64; i++)
    if (fcntl(i, F_GETFD) >= 0 && i != log)
      dprintf(log, "stray descriptor %d\n", i);
  if (strcmp(rule, "die") == 0)
    return 3;
  uint8_t *slots = mmap(NULL, SLOT_COUNT * SLOT_SIZE, PROT_READ | PROT_WRITE, MAP_SHARED, MEDIATOR_FD_SLOTS, 0);
  char magic[8];
  if (slots == MAP_FAILED || pread(MEDIATOR_FD_PLAN, magic, 8, 0) != 8 || memcmp(magic, PLAN_MAGIC, 8) != 0)
    return 4;
  for (;;) {
    struct pollfd watched = {.fd = MEDIATOR_FD_LISTENER, .events = POLLIN};
    poll(&watched, 1, -1);
    if (watched.revents & POLLHUP)
      return 0;
    uint32_t *state = (void *)slots;
    struct seccomp_notif *call = (void *)(slots + SLOT_NOTIF_OFFSET);
    struct seccomp_notif_resp *response = (void *)(slots + SLOT_RESPONSE_OFFSET);
    memset(call, 0, sizeof *call);
    if (ioctl(MEDIATOR_FD_LISTENER, SECCOMP_IOCTL_NOTIF_RECV, call) != 0)
      continue;
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
    if (strcmp(rule, "continue") == 0)
      reply(call->id, 0, SECCOMP_USER_NOTIF_FLAG_CONTINUE);
    else
      reply(call->id, -EPERM, 0);
    *state = SLOT_FREE;
  }
}

static int collect(char **argv)
{
  char bytes[4096];
  if (access(in_dist(argv[1], "collector.broken"), F_OK) == 0)
    return 5;
  int out = strcmp(argv[4], "-") == 0 ? STDOUT_FILENO : open(argv[4], O_WRONLY | O_CREAT | O_APPEND, 0666);
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
  if (program != NULL && strcmp(program, "/mediator.js") == 0)
    return mediate(argv);
  if (program != NULL && strcmp(program, "/collector.js") == 0)
    return collect(argv);
  if (argc > 4 && strcmp(argv[2], "compile") == 0)
    return compile(argc, argv);
  printf("command line:");
  for (int i = 2; i < argc; i++)
    printf(" %s", argv[i]);
  printf("\nNODE_OPTIONS=%s LD_PRELOAD=%s KEPT=%s\n", getenv("NODE_OPTIONS"), getenv("LD_PRELOAD"), getenv("KEPT"));
  return 42;
}
