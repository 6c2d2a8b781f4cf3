// supervisor at-once|continue|broker FILTER -- CMD: the least that a C program must do to supervise
// opens, names made and removed, executions and connections. FILTER: struct sock_filter[], raw, of
// a plan, so that both get the same notifications. at-once: continues every call without looking;
// no mediator can be faster. continue: reads the path or address and continues the call. broker:
// acts itself as the target would, with the target's umask and credentials from /proc, its root and
// working directory: opens or makes the file and hands it over, removes the name, connects the
// target's own socket, looks a program up and compares it with the process at its next call.
// Everything else continues. It is the yardstick of the mediator: same kernel work, no Cofferdam,
// no policy. Only one thread of the target calls at a time.
#include "target.h"
#include <stddef.h>
#include <sys/socket.h>

// The folder that a path's last name lies in, and that name.
static int parent_of(pid_t pid, const char *path, const char **name) {
  char folder[4096];
  const char *slash = strrchr(path, '/');
  *name = slash == NULL ? path : slash + 1;
  if (slash == NULL) return object_of(pid, ".");
  snprintf(folder, sizeof folder, "%.*s", (int)(slash == path ? 1 : slash - path), path);
  return object_of(pid, folder);
}

static int make_as(pid_t pid, const char *path, int flags, mode_t mode) {
  const char *name;
  become(pid);
  int parent = parent_of(pid, path, &name);
  int made = parent < 0 ? -1 : openat(parent, name, flags | O_NOFOLLOW, mode);
  int error = errno;
  itself();
  if (parent >= 0) close(parent);
  errno = error;
  return made;
}

static int remove_as(pid_t pid, const char *path) {
  const char *name;
  become(pid);
  int parent = parent_of(pid, path, &name);
  int error = parent < 0 || unlinkat(parent, name, 0) ? errno : 0;
  itself();
  if (parent >= 0) close(parent);
  return error;
}

static int connect_as(pid_t pid, const void *address, socklen_t length, int theirs) {
  int pidfd = (int)syscall(SYS_pidfd_open, pid, 0);
  int socket = (int)syscall(SYS_pidfd_getfd, pidfd, theirs, 0);
  become(pid);
  int error = socket < 0 || connect(socket, address, length) ? errno : 0;
  itself();
  close(socket);
  close(pidfd);
  return error;
}

// What the last process to execute something should be by its next call.
static struct {
  pid_t pid;
  struct stat program;
} executed;

static void announce(pid_t pid, const char *path) {
  become(pid);
  int object = object_of(pid, path);
  itself();
  executed.pid = object >= 0 && fstat(object, &executed.program) == 0 ? pid : 0;
  if (object >= 0) close(object);
}

static void verify(pid_t pid) {
  struct stat found;
  if (pid != executed.pid) return;
  int exe = entry(pid, "exe", O_PATH);
  if (fstat(exe, &found) || found.st_ino != executed.program.st_ino) fail("another program");
  close(exe);
  executed.pid = 0;
}

static void hand_over(const struct seccomp_notif *call, const char *path,
                      struct seccomp_notif_resp *reply) {
  pid_t pid = (pid_t)call->pid;
  int flags = (int)call->data.args[2];
  int fd = flags & O_CREAT ? make_as(pid, path, flags, (mode_t)call->data.args[3])
                           : open_as(pid, path, flags);
  give(call->id, fd, flags, reply);
}

static void act(const struct seccomp_notif *call, const char *argument,
                struct seccomp_notif_resp *reply) {
  pid_t pid = (pid_t)call->pid;
  const uint64_t *args = (const uint64_t *)call->data.args;
  verify(pid);
  if (call->data.nr == SYS_execve) {
    announce(pid, argument);
    return;
  }
  reply->flags = 0;
  if (call->data.nr == SYS_openat) hand_over(call, argument, reply);
  else if (call->data.nr == SYS_unlink) reply->error = -remove_as(pid, argument);
  else reply->error = -connect_as(pid, argument, (socklen_t)args[2], (int)args[0]);
}

// Which argument points to a path or an address; -1 where the call is let go on unseen.
static int pointer_of(int nr) {
  if (nr == SYS_execve || nr == SYS_unlink) return 0;
  return nr == SYS_openat || nr == SYS_connect ? 1 : -1;
}

static pid_t child;

// The child ends, and with it the listener.
static void pass_on(int number) { kill(child, number); }

static enum { AT_ONCE, CONTINUE, BROKER } manner;

static void answer(const struct seccomp_notif *call) {
  struct seccomp_notif_resp reply = {.id = call->id, .flags = SECCOMP_USER_NOTIF_FLAG_CONTINUE};
  char argument[4096] = "";
  int nr = call->data.nr, pointer = manner == AT_ONCE ? -1 : pointer_of(nr);
  if (pointer >= 0) {
    size_t length = nr == SYS_connect ? (size_t)(call->data.args[2] & 127) : 256;
    ssize_t got = read_memory((pid_t)call->pid, argument, length, call->data.args[pointer]);
    if (got <= 0) reply.flags = 0, reply.error = -EFAULT;
    else if (manner == BROKER) act(call, argument, &reply);
  }
  ioctl(listener, SECCOMP_IOCTL_NOTIF_SEND, &reply);
}

int main(int argc, char **argv) {
  if (argc < 5 || strcmp(argv[3], "--")) {
    fprintf(stderr, "usage: supervisor at-once|continue|broker FILTER -- CMD\n");
    return 2;
  }
  manner = !strcmp(argv[1], "at-once") ? AT_ONCE : !strcmp(argv[1], "broker") ? BROKER : CONTINUE;
  child = start(argv[2], argv + 4);
  signal(SIGINT, pass_on);
  for (;;) {
    struct pollfd asked = {listener, POLLIN, 0};
    int ready = poll(&asked, 1, -1);
    if (ready < 0 && errno == EINTR) continue;
    if (ready < 0 || !(asked.revents & POLLIN)) break;
    struct seccomp_notif call = {0};
    if (ioctl(listener, SECCOMP_IOCTL_NOTIF_RECV, &call) == 0) answer(&call);
  }
  int status;
  waitpid(child, &status, 0);
  return WIFEXITED(status) ? WEXITSTATUS(status) : 125;
}
