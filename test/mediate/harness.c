// What launcher and holder do, at their barest: harness LANDLOCK FILTER PLAN UID:GID NODE MEDIATOR
// CMD ARG... With HARNESS_KILLS=N the mediator is killed N times in the middle of its work, and its
// successor started, once the file HARNESS_KILLS_AFTER is there if one is named; SIGUSR1 tells the
// target that it is over. With HARNESS_SHARED=SOCKET the
// mediator is started as the host's one, and the domain handed over to it there; with
// HARNESS_JOINS=SOCKET it serves there already, and a domain that is sent elsewhere gets one of its
// own. HARNESS_FOLDER is where the host's table of domains
// lies; file 7 of the mediator's is the summary's, here standard output. Beside it runs what of the
// holder holds executions, the real one; with HARNESS_OLD nothing does, and the slots have no room
// for them, as in holders of before there were any. LANDLOCK is a text: "H
// hex" handled file rights, then "P hex path"; or "-". The target keeps stdout; its exit status is
// passed on.
#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <linux/filter.h>
#include <linux/landlock.h>
#include <linux/seccomp.h>
#include <poll.h>
#include <signal.h>
#include <stdint.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#include "exec-hold.h"
#include "plan-layout.h"

static int need(int value, const char *what) {
  if (value < 0) { fprintf(stderr, "harness: %s: %s\n", what, strerror(errno)); exit(99); }
  return value;
}
#define must(call) ((void)need((call), #call))

static size_t slurp(const char *path, char **out) {
  int fd = need(open(path, O_RDONLY | O_CLOEXEC), path);
  struct stat st; must(fstat(fd, &st));
  *out = malloc(st.st_size + 1);
  if (read(fd, *out, st.st_size) != st.st_size) exit(99);
  (*out)[st.st_size] = 0;
  close(fd);
  return st.st_size;
}

static void landlock(const char *file) {
  if (!strcmp(file, "-")) return;
  char *text; slurp(file, &text);
  int ruleset = -1;
  for (char *line = strtok(text, "\n"); line; line = strtok(NULL, "\n")) {
    unsigned long long rights = strtoull(line + 2, NULL, 16);
    if (*line == 'H') {
      struct landlock_ruleset_attr attr = {.handled_access_fs = rights};
      ruleset = need(syscall(SYS_landlock_create_ruleset, &attr, sizeof attr, 0), "ruleset");
    } else {
      char *path = strchr(line + 2, ' ') + 1;
      struct landlock_path_beneath_attr rule = {
        .allowed_access = rights, .parent_fd = need(open(path, O_PATH | O_CLOEXEC), path),
      };
      need(syscall(SYS_landlock_add_rule, ruleset, LANDLOCK_RULE_PATH_BENEATH, &rule, 0), path);
      close(rule.parent_fd);
    }
  }
  must(syscall(SYS_landlock_restrict_self, ruleset, 0));
  close(ruleset);
}

enum { HANDED = 4, MEDIATOR_FDS = 6 };
static int connection = -1;
// Between mediators of the target's own and the holder.
static int bells[2];

static pid_t start_own(const int from[HANDED], char *node, char *program) {
  pid_t mediator = fork();
  if (mediator != 0) return mediator;
  int high[MEDIATOR_FDS];
  for (int i = 0; i < HANDED; i++) high[i] = need(fcntl(from[i], F_DUPFD, 50), "dup");
  high[HANDED] = need(fcntl(1, F_DUPFD, 50), "dup");
  high[HANDED + 1] = need(fcntl(bells[1], F_DUPFD, 50), "dup");
  for (int i = 0; i < MEDIATOR_FDS; i++) must(dup2(high[i], 3 + i));
  syscall(SYS_close_range, 3 + MEDIATOR_FDS, ~0U, 0);
  char *env[] = {"PATH=/usr/bin:/bin", NULL};
  char *folder = getenv("HARNESS_FOLDER");
  execle(node, node, program, folder ? "own" : NULL, folder, (char *)NULL, env);
  _exit(97);
}

// Whether it was taken; else it is to have a mediator of its own.
static int hand_over(const int from[3], const char *path) {
  struct sockaddr_un address = {.sun_family = AF_UNIX};
  strcpy(address.sun_path, path);
  struct iovec text = {"CFDMHOLD", 8};
  union { char bytes[CMSG_SPACE(3 * sizeof(int))]; struct cmsghdr align; } control = {0};
  struct msghdr message = {
    .msg_iov = &text, .msg_iovlen = 1,
    .msg_control = control.bytes, .msg_controllen = sizeof control.bytes,
  };
  struct cmsghdr *rights = CMSG_FIRSTHDR(&message);
  rights->cmsg_level = SOL_SOCKET;
  rights->cmsg_type = SCM_RIGHTS;
  rights->cmsg_len = CMSG_LEN(3 * sizeof(int));
  memcpy(CMSG_DATA(rights), from, 3 * sizeof(int));
  char byte = 0;
  do {
    if (connection >= 0) { close(connection); usleep(2000); }
    connection = need(socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0), "socket");
  } while (connect(connection, (void *)&address, sizeof address) < 0 ||
           sendmsg(connection, &message, MSG_NOSIGNAL) < 0 ||
           recv(connection, &byte, 1, 0) != 1 ||
           (byte != MEDIATOR_SAYS_TAKEN && byte != MEDIATOR_SAYS_ELSEWHERE));
  if (byte == MEDIATOR_SAYS_TAKEN) return 1;
  close(connection);
  connection = -1;
  return 0;
}

// Waits for one word of the mediator's, if it may wait; one that took over brings a connection of
// its own. Returns whether there is no other end any more.
static int is_over(int may_wait) {
  char control[CMSG_SPACE(sizeof(int))] = {0}, byte;
  struct iovec text = {&byte, 1};
  struct msghdr message = {
    .msg_iov = &text, .msg_iovlen = 1, .msg_control = control, .msg_controllen = sizeof control};
  int flags = MSG_CMSG_CLOEXEC | (may_wait ? 0 : MSG_DONTWAIT);
  ssize_t got;
  // Reported before what the other end had sent, as in native/shared.c.
  while ((got = recvmsg(connection, &message, flags)) < 0 && errno == ECONNRESET) continue;
  if (got > 0 && message.msg_controllen >= CMSG_LEN(sizeof(int))) {
    close(connection);
    memcpy(&connection, CMSG_DATA(CMSG_FIRSTHDR(&message)), sizeof connection);
    exec_bell_ring(connection);
  }
  return got == 0 || (got < 0 && errno != EAGAIN && errno != EINTR);
}

// Until the last process of the domain has ended and its mediator has let go of it. Of a shared
// mediator that is killed only the parent knows the connection.
static pid_t hold(const int from[HANDED], char *node, char *program) {
  pid_t holder = need(fork(), "fork");
  if (holder != 0) return holder;
  sigset_t news; sigemptyset(&news); sigaddset(&news, SIGCHLD);
  sigprocmask(SIG_BLOCK, &news, NULL);
  prctl(PR_SET_PDEATHSIG, SIGKILL);
  uint8_t *slots = mmap(NULL, SLOTS_BYTES, PROT_READ | PROT_WRITE, MAP_SHARED, from[1], 0);
  int bell = connection < 0 ? bells[0] : getenv("HARNESS_KILLS") ? -1 : connection;
  struct pollfd watched[3] = {
    {signalfd(-1, &news, SFD_NONBLOCK), POLLIN}, {bell, POLLIN}, {from[0], 0}};
  for (;;) {
    poll(watched, 3, watched[1].fd < 0 ? 5 : -1);
    struct signalfd_siginfo signal;
    int status, process;
    if (read(watched[0].fd, &signal, sizeof signal) > 0)
      while ((process = waitpid(-1, &status, __WALL | WNOHANG)) > 0)
        exec_hold_hears(slots, process, status);
    if (watched[1].revents && connection < 0 && !exec_bell_hear(watched[1].fd)) watched[1].fd = -1;
    else if (watched[1].revents && connection >= 0) {
      watched[1].fd = connection;
      if (is_over(0)) {
        watched[1].fd = -1;
        // One that joins is sent elsewhere.
        if (getenv("HARNESS_JOINS")) {
          close(connection);
          connection = -1;
          start_own(from, node, program);
          watched[1].fd = bells[0];
        }
      } else watched[1].fd = connection;
    }
    exec_hold_begin(from[0], slots);
    if (exec_hold_has_news()) exec_bell_ring(watched[1].fd);
    if (watched[2].revents & POLLHUP) {
      while (watched[1].fd >= 0 && connection >= 0 && !is_over(1)) continue;
      _exit(0);
    }
  }
}

static pid_t start(const int from[HANDED], char *node, char *program) {
  char *shared = getenv("HARNESS_SHARED"), *joins = getenv("HARNESS_JOINS");
  if (joins) return hand_over(from, joins) ? -1 : start_own(from, node, program);
  if (!shared) return start_own(from, node, program);
  pid_t mediator = fork();
  if (mediator == 0) {
    syscall(SYS_close_range, 3, ~0U, 0);
    char *env[] = {"PATH=/usr/bin:/bin", NULL};
    execle(node, node, program, "shared", shared, (char *)NULL, env);
    _exit(97);
  }
  hand_over(from, shared);
  return mediator;
}

static void responses(const uint8_t *shared, uint64_t *ids) {
  for (int i = 0; i < SLOT_COUNT; i++)
    memcpy(&ids[i], shared + i * SLOT_SIZE + SLOT_RESPONSE_OFFSET, sizeof *ids);
}

static bool has_answered(const uint8_t *slots, const uint64_t *before) {
  uint64_t now[SLOT_COUNT];
  responses(slots, now);
  return memcmp(before, now, sizeof now) != 0;
}

// The mediator that serves at a socket, as its lock says.
static pid_t active(const char *socket) {
  char path[4096], text[32] = "";
  snprintf(path, sizeof path, "%.*s.lock", (int)strlen(socket) - 5, socket);
  int lock = open(path, O_RDONLY | O_CLOEXEC);
  if (lock < 0) return 0;
  (void)!read(lock, text, sizeof text - 1);
  close(lock);
  return atoi(text);
}

// Kills the active one, and waits until its stand-by serves, or the holder hears that nobody does.
// Returns whether it was the active one that served: on a busy host a stand-by retires its
// mediator, which then keeps this domain: what is killed after that serves no domain.
// `child`: of this process, that may be left.
static bool kill_active(pid_t *child, const char *socket, const uint8_t *slots) {
  pid_t victim = active(socket);
  struct pollfd dying = {(int)syscall(SYS_pidfd_open, victim, 0), POLLIN};
  if (victim <= 0 || dying.fd < 0) return true;
  kill(victim, SIGKILL);
  poll(&dying, 1, -1);
  close(dying.fd);
  if (victim == *child && waitpid(victim, NULL, 0) == victim) *child = -1;
  uint64_t answered[SLOT_COUNT];
  responses(slots, answered);
  while (active(socket) == victim && !is_over(0)) {
    // A successor notes itself before it answers.
    if (has_answered(slots, answered) && active(socket) == victim) return false;
    usleep(200);
  }
  return true;
}

static bool has_ended(pid_t child) {
  siginfo_t ended = {0};
  return waitid(P_PID, child, &ended, WEXITED | WNOHANG | WNOWAIT) == 0 && ended.si_pid == child;
}

// Waits until the mediator has answered something. The connection to a shared one may end only now:
// several may have died one after the other, each with a connection of its own on the way.
// Returns the child of this process that may be left.
static pid_t await_answer(const uint8_t *slots, const uint64_t *before, pid_t mediator,
                          pid_t target, const int from[HANDED], char *node, char *program) {
  for (;;) {
    if (has_answered(slots, before) || has_ended(target)) return mediator;
    if (getenv("HARNESS_SHARED") && is_over(0)) mediator = start(from, node, program);
    usleep(200);
  }
}

// No more of them once the target has ended: nothing would be answered any more.
static pid_t kills(pid_t mediator, pid_t target, int count, const int from[HANDED], char *node,
                   char *program) {
  const size_t size = SLOT_COUNT * SLOT_SIZE;
  uint8_t *slots = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_SHARED, from[1], 0);
  if (slots == MAP_FAILED) exit(99);
  uint64_t before[SLOT_COUNT] = {0};
  srandom(count);
  const char *ready = getenv("HARNESS_KILLS_AFTER");
  while (ready && access(ready, F_OK) && !has_ended(target)) usleep(200);
  for (int i = 0; i < count && !has_ended(target); i++) {
    // Until it has answered something; then a while, up to 12 ms.
    mediator = await_answer(slots, before, mediator, target, from, node, program);
    usleep(random() % 12000);
    if (getenv("HARNESS_SHARED")) {
      if (!kill_active(&mediator, getenv("HARNESS_SHARED"), slots)) return mediator;
      responses(slots, before);
      if (is_over(0)) mediator = start(from, node, program);
      continue;
    }
    kill(mediator, SIGKILL);
    waitpid(mediator, NULL, 0);
    responses(slots, before);
    mediator = start(from, node, program);
  }
  // An own mediator is a child that was started; a shared one may still have to be found.
  return getenv("HARNESS_SHARED") == NULL
           ? mediator
           : await_answer(slots, before, mediator, target, from, node, program);
}

int main(int argc, char **argv) {
  if (argc < 8) return 98;
  char *plan; size_t planSize = slurp(argv[3], &plan);
  int planFd = need(memfd_create("plan", MFD_ALLOW_SEALING), "plan");
  if (write(planFd, plan, planSize) != (ssize_t)planSize) return 99;
  fcntl(planFd, F_ADD_SEALS, F_SEAL_WRITE | F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_SEAL);
  int slots = need(memfd_create("slots", MFD_ALLOW_SEALING), "slots");
  must(ftruncate(slots, getenv("HARNESS_OLD") ? EXECS_OFFSET : SLOTS_BYTES));
  must(fcntl(slots, F_ADD_SEALS, F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_SEAL));
  must(socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, bells));
  int events = need(open("/dev/null", O_RDWR), "/dev/null");
  int up[2]; must(pipe2(up, O_CLOEXEC));
  int go[2]; must(pipe2(go, O_CLOEXEC));
  pid_t target = fork();
  if (target == 0) {
    close(up[0]); close(go[1]); close(planFd); close(slots); close(events);
    uid_t uid; gid_t gid;
    if (sscanf(argv[4], "%u:%u", &uid, &gid) == 2 && getuid() == 0 && uid != 0) {
      must(setgroups(0, NULL)); must(setresgid(gid, gid, gid)); must(setresuid(uid, uid, uid));
    }
    prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0);
    prctl(PR_SET_DUMPABLE, 1, 0, 0, 0);
    landlock(argv[1]);
    char *filter; size_t size = slurp(argv[2], &filter);
    struct sock_fprog program = {.len = size / 8, .filter = (void *)filter};
    const unsigned flags =
      SECCOMP_FILTER_FLAG_NEW_LISTENER | SECCOMP_FILTER_FLAG_WAIT_KILLABLE_RECV;
    int listener =
      need(syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, flags, &program), "seccomp");
    if (write(up[1], &listener, sizeof listener) != sizeof listener) _exit(99);
    char ready; if (read(go[0], &ready, 1) != 1) _exit(99);
    close(listener);
    execv(argv[7], argv + 7);
    perror("harness: exec");
    _exit(97);
  }
  close(up[1]); close(go[0]);
  int number; if (read(up[0], &number, sizeof number) != sizeof number) return 99;
  int pidfd = need(syscall(SYS_pidfd_open, target, 0), "pidfd");
  int listener = need(syscall(SYS_pidfd_getfd, pidfd, number, 0), "pidfd_getfd");
  const int from[HANDED] = {listener, slots, planFd, events};
  pid_t mediator = start(from, argv[5], argv[6]);
  pid_t holder = getenv("HARNESS_OLD") ? -1 : hold(from, argv[5], argv[6]);
  if (write(go[1], "g", 1) != 1) return 99;
  if (getenv("HARNESS_KILLS")) {
    mediator = kills(mediator, target, atoi(getenv("HARNESS_KILLS")), from, argv[5], argv[6]);
    kill(target, SIGUSR1);
  }
  close(listener);
  close(bells[0]);
  int status; waitpid(target, &status, 0);
  int mediated = 0;
  struct rusage used;
  // The host's mediator serves on; that it let go of the domain shows in the connection.
  if (connection >= 0) {
    int held = 0;
    if (holder > 0) waitpid(holder, &held, 0);
    bool nobody_waited = holder < 0 || WIFSIGNALED(held) || getenv("HARNESS_KILLS");
    while (nobody_waited && !is_over(1)) continue;
    if (mediator > 0) kill(mediator, SIGKILL);
  }
  if (mediator > 0) wait4(mediator, &mediated, 0, &used);
  if (getenv("HARNESS_MEMORY")) printf("mediator: %ld kB\n", used.ru_maxrss);
  if (mediated != 0 && connection < 0)
    fprintf(stderr, "harness: mediator ended with %x\n", mediated);
  return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}
