// exec-supervisor continue|hold FILTER -- CMD: the least a C program must do to supervise
// executions under a plan's filter. continue: reads the name, looks the program up as the target
// would, and lets go. hold: then holds the target at PTRACE_EVENT_EXEC, where the new program has
// run no instruction, and lets it go only if it is the one that was looked up; and opens files for
// the target, as a broker does. Everything else is let go on. One thread of a process executes at a
// time.
#include "target.h"
#include <signal.h>
#include <sys/ptrace.h>
#include <sys/signalfd.h>

// Executions that are held at one time: a process may fork and both execute.
#define HELD_MAX 64

static struct held {
  pid_t tid;
  struct stat program;
} held[HELD_MAX];

static struct held *held_by(pid_t tid) {
  for (int i = 0; i < HELD_MAX; i++)
    if (held[i].tid == tid) return &held[i];
  return NULL;
}

static int look_up(pid_t pid, uint64_t at, struct stat *program) {
  char path[4096] = "";
  if (read_memory(pid, path, 256, at) <= 0) return -EFAULT;
  become(pid);
  int object = object_of(pid, path);
  int error = object < 0 || fstat(object, program) ? -errno : 0;
  itself();
  if (object >= 0) close(object);
  return error;
}

// The trap comes before the answer: an execve that fails then stops too, and is let go.
static int hold(const struct seccomp_notif *call, const struct stat *program) {
  pid_t tid = (pid_t)call->pid;
  struct held *place = held_by(0);
  if (place == NULL) return -EAGAIN;
  long options = PTRACE_O_TRACEEXEC | PTRACE_O_EXITKILL;
  if (ptrace(PTRACE_SEIZE, tid, NULL, options)) return -errno;
  if (ioctl(listener, SECCOMP_IOCTL_NOTIF_ID_VALID, &call->id)) return -ESRCH;
  ptrace(PTRACE_INTERRUPT, tid, NULL, NULL);
  *place = (struct held){tid, *program};
  return 0;
}

static void open_for(const struct seccomp_notif *call, struct seccomp_notif_resp *reply) {
  pid_t pid = (pid_t)call->pid;
  char path[4096] = "";
  int flags = (int)call->data.args[2];
  int is_read = read_memory(pid, path, 256, call->data.args[1]) > 0;
  if (!is_read) errno = EFAULT;
  reply->flags = 0;
  give(call->id, is_read ? open_as(pid, path, flags) : -1, flags, reply);
}

static void answer(const struct seccomp_notif *call, int holds) {
  struct seccomp_notif_resp reply = {.id = call->id, .flags = SECCOMP_USER_NOTIF_FLAG_CONTINUE};
  if (call->data.nr == SYS_execve) {
    struct stat program;
    reply.error = look_up((pid_t)call->pid, call->data.args[0], &program);
    if (reply.error == 0 && holds) reply.error = hold(call, &program);
    if (reply.error != 0) reply.flags = 0;
  }
  if (call->data.nr == SYS_openat && holds) open_for(call, &reply);
  ioctl(listener, SECCOMP_IOCTL_NOTIF_SEND, &reply);
}

static void at_exec(pid_t tgid) {
  unsigned long former;
  struct stat found;
  ptrace(PTRACE_GETEVENTMSG, tgid, NULL, &former);
  struct held *one = held_by((pid_t)former);
  int exe = entry(tgid, "exe", O_PATH);
  int is_it = one != NULL && fstat(exe, &found) == 0 && found.st_ino == one->program.st_ino &&
              found.st_dev == one->program.st_dev;
  close(exe);
  if (one != NULL) one->tid = 0;
  if (is_it) ptrace(PTRACE_DETACH, tgid, NULL, NULL);
  else kill(tgid, SIGKILL);
}

// The status of `child` once it has ended, else -1.
static int reap(pid_t child) {
  int status, ended = -1;
  for (pid_t pid; (pid = waitpid(-1, &status, __WALL | WNOHANG)) > 0;) {
    struct held *one = held_by(pid);
    if (WIFSTOPPED(status) && status >> 16 == PTRACE_EVENT_EXEC) at_exec(pid);
    else if (WIFSTOPPED(status)) ptrace(PTRACE_DETACH, pid, NULL, NULL);
    else if (pid == child) ended = WIFEXITED(status) ? WEXITSTATUS(status) : 125;
    if (one != NULL) one->tid = 0;
  }
  return ended;
}

int main(int argc, char **argv) {
  if (argc < 5 || strcmp(argv[3], "--")) {
    fprintf(stderr, "usage: exec-supervisor continue|hold FILTER -- CMD\n");
    return 2;
  }
  int holds = strcmp(argv[1], "hold") == 0;
  pid_t child = start(argv[2], argv + 4);
  sigset_t children;
  sigemptyset(&children);
  sigaddset(&children, SIGCHLD);
  sigprocmask(SIG_BLOCK, &children, NULL);
  int changes = signalfd(-1, &children, SFD_NONBLOCK | SFD_CLOEXEC);
  for (int status = -1; status < 0;) {
    struct pollfd waited[2] = {{listener, POLLIN, 0}, {changes, POLLIN, 0}};
    struct signalfd_siginfo change;
    struct seccomp_notif call = {0};
    if (poll(waited, 2, -1) < 0) continue;
    if (waited[1].revents && read(changes, &change, sizeof change) > 0 &&
        (status = reap(child)) >= 0)
      return status;
    if (waited[0].revents & POLLIN && ioctl(listener, SECCOMP_IOCTL_NOTIF_RECV, &call) == 0)
      answer(&call, holds);
    // No further calls are notified; the end of the child is still to come.
    if (waited[0].revents & POLLHUP) listener = -1;
  }
}
