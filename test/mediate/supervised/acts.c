// acts NAME...: small things that need more than one call; prints a line each.
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/pidfd.h>
#include <sys/ptrace.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

static void say(const char *what, long result) {
  printf("%s: %ld %s\n", what, result, result < 0 ? strerrorname_np(errno) : "-");
}

static double now(void) {
  struct timespec t;
  clock_gettime(CLOCK_MONOTONIC, &t);
  return t.tv_sec + t.tv_nsec / 1e9;
}

// Both ends of a FIFO wait for each other, in either order.
static void fifo(const char *first) {
  unlink("fifo");
  mkfifo("fifo", 0600);
  int readerFirst = !strcmp(first, "reader");
  pid_t child = fork();
  if (child == 0) {
    if (readerFirst) usleep(50000);
    int fd = open("fifo", O_WRONLY);
    _exit(fd >= 0 && (fcntl(fd, F_GETFL) & O_NONBLOCK) == 0 && write(fd, "x", 1) == 1 ? 0 : 1);
  }
  if (!readerFirst) usleep(50000);
  double began = now();
  int fd = open("fifo", O_RDONLY);
  int flags = fcntl(fd, F_GETFL);
  char byte = 0;
  long got = read(fd, &byte, 1);
  int status;
  waitpid(child, &status, 0);
  close(fd);
  const int waited = readerFirst ? now() - began > 0.03 : 1;
  printf("fifo %s: read %ld waited %d nonblock %d writer %d\n", first, got, waited,
         (flags & O_NONBLOCK) != 0, status);
}

// Signals, memory, limits, descriptors of a child.
static void family(void) {
  int value = 42, copy = 0;
  pid_t child = fork();
  if (child == 0) { pause(); _exit(0); }
  struct iovec local = {&copy, sizeof copy}, remote = {&value, sizeof value};
  say("process_vm_readv", process_vm_readv(child, &local, 1, &remote, 1, 0));
  struct rlimit limit;
  say("prlimit", prlimit(child, RLIMIT_CORE, 0, &limit));
  say("setpriority", setpriority(PRIO_PROCESS, child, 5));
  int pidfd = syscall(SYS_pidfd_open, child, 0);
  int got = syscall(SYS_pidfd_getfd, pidfd, 1, 0);
  say("pidfd_getfd", got < 0 ? -1 : 0);
  say("pidfd_send_signal", syscall(SYS_pidfd_send_signal, pidfd, SIGUSR1, 0, 0));
  int status;
  waitpid(child, &status, 0);
  printf("ended by %d\n", WTERMSIG(status));
  child = fork();
  if (child == 0) { pause(); _exit(0); }
  setpgid(child, child);
  say("kill of a group", kill(-child, SIGTERM));
  waitpid(child, &status, 0);
  printf("ended by %d\n", WTERMSIG(status));
}

static void *idle(void *unused) { pause(); return unused; }

static void threads(void) {
  pthread_t other;
  pthread_create(&other, 0, idle, 0);
  pid_t child = fork();
  if (child == 0) { pause(); _exit(0); }
  int pidfd = syscall(SYS_pidfd_open, child, 0);
  int got = syscall(SYS_pidfd_getfd, pidfd, 1, 0);
  say("pidfd_getfd with threads", got < 0 ? -1 : 0);
  say("pidfd_send_signal with threads", syscall(SYS_pidfd_send_signal, pidfd, SIGUSR1, 0, 0));
  int status;
  waitpid(child, &status, 0);
  printf("ended by %d\n", WTERMSIG(status));
}

static void flags(void) {
  const struct { const char *name; int flags; } all[] = {
    {"read", O_RDONLY}, {"append", O_WRONLY | O_APPEND}, {"nonblock", O_RDWR | O_NONBLOCK},
    {"nofollow", O_RDONLY | O_NOFOLLOW}, {"sync", O_WRONLY | O_SYNC}, {"dsync", O_WRONLY | O_DSYNC},
    {"noatime", O_RDONLY | O_NOATIME}, {"cloexec", O_RDONLY | O_CLOEXEC},
    {"create", O_RDWR | O_CREAT}, {"path", O_PATH}, {"async", O_RDONLY | O_ASYNC},
    {"trunc", O_WRONLY | O_TRUNC | O_NOFOLLOW},
  };
  for (unsigned i = 0; i < sizeof all / sizeof *all; i++) {
    int fd = open("file", all[i].flags, 0600);
    printf("%s: %o %d\n", all[i].name, fcntl(fd, F_GETFL), fcntl(fd, F_GETFD));
    close(fd);
  }
  int fd = open("dir", O_RDONLY | O_DIRECTORY | O_NOFOLLOW);
  printf("directory: %o\n", fcntl(fd, F_GETFL));
  fd = open("to-file", O_RDONLY | O_NOFOLLOW);
  say("link", fd);
  fd = open("to-file", O_PATH | O_NOFOLLOW);
  printf("path of a link: %o\n", fcntl(fd, F_GETFL));
}

static void proc(void) {
  char text[64] = "";
  int fd = open("/proc/self/comm", O_RDONLY);
  if (fd >= 0 && read(fd, text, sizeof text) < 0) perror("read");
  printf("comm %s", text);
  close(fd);
  fd = open("/proc/thread-self/status", O_RDONLY);
  say("status", fd < 0 ? -1 : 0);
  fd = open("/proc/self/exe", O_RDONLY);
  say("exe", fd < 0 ? -1 : 0);
  fd = open("/proc/self/cwd/file", O_RDONLY);
  say("cwd", fd < 0 ? -1 : 0);
  fd = open("file", O_RDONLY);
  char name[64];
  sprintf(name, "/dev/fd/%d", fd);
  say("again", open(name, O_RDONLY) < 0 ? -1 : 0);
  int ends[2];
  if (pipe(ends) < 0) perror("pipe");
  sprintf(name, "/proc/self/fd/%d", ends[1]);
  fd = open(name, O_WRONLY);
  say("a pipe again", fd < 0 ? -1 : write(fd, "x", 1));
  say("of init", open("/proc/1/environ", O_RDONLY) < 0 ? -1 : 0);
}

static void terminal(void) {
  say("tty", open("/dev/tty", O_RDWR) < 0 ? -1 : 0);
  say("null", open("/dev/null", O_RDWR) < 0 ? -1 : 0);
  say("urandom", open("/dev/urandom", O_RDONLY) < 0 ? -1 : 0);
  say("ptmx", open("/dev/ptmx", O_RDWR | O_NOCTTY) < 0 ? -1 : 0);
}

static void passing(void) {
  int ends[2];
  if (socketpair(AF_UNIX, SOCK_STREAM, 0, ends) < 0) perror("socketpair");
  char data = 'x', control[CMSG_SPACE(sizeof(int))] = {0};
  struct iovec piece = {&data, 1};
  struct msghdr message = {
    .msg_iov = &piece, .msg_iovlen = 1, .msg_control = control, .msg_controllen = sizeof control,
  };
  struct cmsghdr *header = CMSG_FIRSTHDR(&message);
  *header = (struct cmsghdr){
    .cmsg_len = CMSG_LEN(sizeof(int)), .cmsg_level = SOL_SOCKET, .cmsg_type = SCM_RIGHTS,
  };
  *(int *)CMSG_DATA(header) = 1;
  say("descriptor sent", sendmsg(ends[0], &message, 0));
}

static void put(const char *path, const char *text) {
  int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC, 0600);
  if (fd < 0 || write(fd, text, strlen(text)) < 0) perror(path);
  close(fd);
}

static void content(const char *what, const char *path) {
  char text[64] = "";
  int fd = open(path, O_RDONLY);
  if (fd >= 0 && read(fd, text, sizeof text - 1) < 0) perror(path);
  printf("%s: %s\n", what, fd < 0 ? strerrorname_np(errno) : text);
  close(fd);
}

static void *jail(void *unused) {
  say("chroot", chroot("jail"));
  return unused;
}

// A child's chroot changes only its own root; a thread's changes that of its whole process.
static void roots(void) {
  char outside[4096];
  if (getcwd(outside, sizeof outside - 16) == NULL) perror("getcwd");
  strcat(outside, "/content");
  mkdir("jail", 0700);
  put("content", "outside");
  put("jail/named", "inside");
  content("before", outside);
  if (fork() == 0) {
    jail(NULL);
    content("child", "/named");
    content("child, outside", outside);
    exit(0);
  }
  wait(NULL);
  content("parent", "/named");
  content("parent, outside", outside);
  pthread_t thread;
  pthread_create(&thread, NULL, jail, NULL);
  pthread_join(thread, NULL);
  content("all", "/named");
  content("all, outside", outside);
}

int main(int argc, char **argv) {
  setvbuf(stdout, NULL, _IONBF, 0);
  for (int i = 1; i < argc; i++) {
    if (!strcmp(argv[i], "fifo")) { fifo("reader"); fifo("writer"); }
    else if (!strcmp(argv[i], "family")) family();
    else if (!strcmp(argv[i], "threads")) threads();
    else if (!strcmp(argv[i], "flags")) flags();
    else if (!strcmp(argv[i], "proc")) proc();
    else if (!strcmp(argv[i], "terminal")) terminal();
    else if (!strcmp(argv[i], "passing")) passing();
    else if (!strcmp(argv[i], "roots")) roots();
    else if (!strcmp(argv[i], "exec")) {
      execl("./script", "./script", "word", (char *)0);
      say("exec", -1);
    }
  }
  return 0;
}
