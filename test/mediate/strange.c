// strange VARIANT SOCKET [PLAN]: connects to a mediator and hands over what VARIANT says, which is
// wrong in one way each ("good" in none). Prints "taken" or "refused". With "filtered-late" it
// comes under a filter only after it was let in. With "again" it hands over the same twice.
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/un.h>
#include <unistd.h>

#include "plan-layout.h"

static const char *variant;
static int is(const char *name) { return !strcmp(variant, name); }

static int memory(size_t size, int seals) {
  int fd = memfd_create("strange", MFD_ALLOW_SEALING);
  if (fd < 0 || ftruncate(fd, size) || (seals && fcntl(fd, F_ADD_SEALS, seals))) exit(90);
  return fd;
}

static int filter(int flags) {
  struct sock_filter allow = {BPF_RET | BPF_K, 0, 0, SECCOMP_RET_ALLOW};
  struct sock_fprog program = {1, &allow};
  prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0);
  return syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, flags, &program);
}
static int listener(void) { return filter(SECCOMP_FILTER_FLAG_NEW_LISTENER); }

// By a process of its own: this one must stay outside every filter.
static int listener_of_another(void) {
  int ends[2]; if (pipe(ends)) exit(90);
  if (fork() == 0) {
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    int fd = listener();
    if (write(ends[1], &fd, sizeof fd) != sizeof fd) _exit(91);
    for (;;) pause();
  }
  int number; if (read(ends[0], &number, sizeof number) != sizeof number) exit(90);
  char path[64];
  snprintf(path, sizeof path, "/proc/self/task/%d/children", getpid());
  FILE *children = fopen(path, "r"); int child;
  if (!children || fscanf(children, "%d", &child) != 1) exit(90);
  return syscall(SYS_pidfd_getfd, syscall(SYS_pidfd_open, child, 0), number, 0);
}

int main(int argc, char **argv) {
  if (argc < 3) return 98;
  variant = argv[1];
  struct sockaddr_un address = {.sun_family = AF_UNIX};
  strcpy(address.sun_path, argv[2]);
  const int fixed = F_SEAL_GROW | F_SEAL_SHRINK, size = SLOTS_BYTES;
  const int file = open("/dev/null", O_RDWR);
  int fds[64], count = 3;
  fds[0] = is("no-listener") ? file : is("filtered") ? listener() : listener_of_another();
  fds[1] = is("loose-slots") ? memory(size, 0)
         : is("short-slots") ? memory(size / 2, fixed)
         : is("no-slots") ? file
         : memory(size, fixed);
  const size_t planSize = is("huge-plan") ? 1ul << 40 : is("empty-plan") ? 0 : 4096;
  fds[2] = is("no-plan") ? file : memory(planSize, fixed);
  if (argc > 3) fds[2] = open(argv[3], O_RDONLY);
  for (int i = 3; i < 64; i++) fds[i] = file;
  if (is("asks")) { fds[0] = fds[2]; count = 1; }
  if (is("no-descriptors")) count = 0;
  if (is("two-descriptors")) count = 2;
  if (is("file-for-events")) count = 4;
  if (is("five-descriptors")) count = 5;
  if (is("many-descriptors")) count = 64;
  char text[64] = HOLDER_HOLDS;
  if (is("asks")) memcpy(text, HOLDER_ASKS, sizeof HOLDER_ASKS);
  size_t length = is("long-text") ? 9 : is("longer-text") ? 64 : is("short-text") ? 7 : 8;
  if (is("wrong-text")) text[0] = 'X';
  struct iovec vector = {text, length};
  static union { char bytes[CMSG_SPACE(sizeof(int) * 64)]; struct cmsghdr align; } control;
  struct msghdr message = {.msg_iov = &vector, .msg_iovlen = 1};
  if (count) {
    message.msg_control = control.bytes;
    message.msg_controllen = CMSG_SPACE(sizeof(int) * count);
    struct cmsghdr *rights = CMSG_FIRSTHDR(&message);
    rights->cmsg_level = SOL_SOCKET;
    rights->cmsg_type = SCM_RIGHTS;
    rights->cmsg_len = CMSG_LEN(sizeof(int) * count);
    memcpy(CMSG_DATA(rights), fds, sizeof(int) * count);
  }
  for (int turn = is("again") ? 2 : 1; turn > 0; turn--) {
    int connection = socket(AF_UNIX, SOCK_SEQPACKET, 0);
    if (connect(connection, (void *)&address, sizeof address)) {
      printf("unreachable\n");
      return 0;
    }
    if (is("filtered-late")) {
      usleep(300000); /* nothing tells when it is let in */
      filter(0);
    }
    if (!is("silent")) sendmsg(connection, &message, MSG_NOSIGNAL);
    if (is("early-end")) { printf("refused\n"); return 0; }
    char byte = 0;
    if (recv(connection, &byte, 1, 0) != 1) byte = 0;
    bool elsewhere = byte == MEDIATOR_SAYS_ELSEWHERE;
    puts(byte == MEDIATOR_SAYS_TAKEN ? "taken" : elsewhere ? "elsewhere" : "refused");
  }
  return 0;
}
