// Datagrams by name from one unix socket, whose receivers ask who sent. Prints a line for each send
// with its result and what came of it. Arguments: two NAMES; the policy grants to connect to the
// first.
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

typedef union { char bytes[128]; struct cmsghdr align; } Control;

static struct sockaddr_un named(const char *path) {
  struct sockaddr_un name = {.sun_family = AF_UNIX};
  strcpy(name.sun_path, path);
  return name;
}

static int receiver(const char *path) {
  int fd = socket(AF_UNIX, SOCK_DGRAM, 0), on = 1;
  struct sockaddr_un name = named(path);
  if (bind(fd, (void *)&name, sizeof name)) perror("bind");
  setsockopt(fd, SOL_SOCKET, SO_PASSCRED, &on, sizeof on);
  return fd;
}

static void result(const char *what, long got) {
  printf("%s: %ld %s", what, got, got < 0 ? strerrorname_np(errno) : "-");
}

/* Who sent what waits there, and what came with it. */
static void arrived(int fd, const char *passed) {
  char text[16] = "";
  Control control;
  struct iovec into = {text, sizeof text - 1};
  struct msghdr in = {
    .msg_iov = &into, .msg_iovlen = 1, .msg_control = &control, .msg_controllen = sizeof control,
  };
  if (recvmsg(fd, &in, MSG_DONTWAIT) < 0) {
    printf(", nothing arrived\n");
    return;
  }
  struct ucred who = {0};
  int given = -1;
  for (struct cmsghdr *piece = CMSG_FIRSTHDR(&in); piece; piece = CMSG_NXTHDR(&in, piece)) {
    if (piece->cmsg_type == SCM_RIGHTS) memcpy(&given, CMSG_DATA(piece), sizeof given);
    else memcpy(&who, CMSG_DATA(piece), sizeof who);
  }
  int own = who.pid == getpid() && who.uid == getuid() && who.gid == getgid();
  printf(", `%s` from %s", text, own ? "myself" : "somebody");
  struct stat one, other;
  if (given >= 0)
    printf(" with %s", fstat(given, &one) == 0 && stat(passed, &other) == 0 &&
                               one.st_ino == other.st_ino ? "the file" : "another file");
  printf("\n");
}

static void add(struct msghdr *out, int type, const void *data, size_t size) {
  struct cmsghdr *piece = out->msg_control;
  *piece = (struct cmsghdr){CMSG_LEN(size), SOL_SOCKET, type};
  memcpy(CMSG_DATA(piece), data, size);
  out->msg_controllen = CMSG_SPACE(size);
}

int main(int argc, char **argv) {
  setvbuf(stdout, NULL, _IONBF, 0);
  if (argc < 3) return 1;
  int yes = receiver(argv[1]), no = receiver(argv[2]), s = socket(AF_UNIX, SOCK_DGRAM, 0);
  struct sockaddr_un to = named(argv[1]), not = named(argv[2]), none = named("none");
  struct iovec text[2] = {{"he", 2}, {"llo", 3}};
  struct msghdr out = {
    .msg_name = &to, .msg_namelen = sizeof to, .msg_iov = text, .msg_iovlen = 2,
  };
  result("sendto", sendto(s, "hello", 5, 0, (void *)&to, sizeof to));
  arrived(yes, NULL);
  result("sendmsg", sendmsg(s, &out, 0));
  arrived(yes, NULL);
  struct mmsghdr both[2] = {{.msg_hdr = out}, {.msg_hdr = out}};
  both[1].msg_hdr.msg_name = &not;
  result("sendmmsg, the second elsewhere", sendmmsg(s, both, 2, 0));
  arrived(yes, NULL);
  out.msg_name = &not;
  result("elsewhere", sendmsg(s, &out, 0));
  arrived(no, NULL);
  out.msg_name = &none;
  result("to nothing", sendmsg(s, &out, 0));
  printf("\n");
  out.msg_name = &to;
  Control control;
  out.msg_control = &control;
  struct ucred who = {getpid(), getuid(), getgid()};
  add(&out, SCM_CREDENTIALS, &who, sizeof who);
  result("as myself", sendmsg(s, &out, 0));
  arrived(yes, NULL);
  who.pid = getppid();
  add(&out, SCM_CREDENTIALS, &who, sizeof who);
  result("as my parent", sendmsg(s, &out, 0));
  arrived(yes, NULL);
  int file = open(argv[0], O_RDONLY);
  add(&out, SCM_RIGHTS, &file, sizeof file);
  result("with a descriptor", sendmsg(s, &out, 0));
  arrived(yes, argv[0]);
  out.msg_control = NULL;
  out.msg_controllen = 0;
  int small = 1;
  setsockopt(s, SOL_SOCKET, SO_SNDBUF, &small, sizeof small);
  static char much[65536];
  struct iovec large = {much, sizeof much};
  out.msg_iov = &large;
  out.msg_iovlen = 1;
  result("more than the buffer takes", sendmsg(s, &out, 0));
  printf("\n");
  int wide = 1 << 20;
  setsockopt(s, SOL_SOCKET, SO_SNDBUF, &wide, sizeof wide);
  out.msg_iov = text;
  int held = 0;
  while (held < 10000 && sendmsg(s, &out, MSG_DONTWAIT) > 0) held++;
  result("to a full queue without waiting", held < 10000 ? -1 : held);
  printf("\n");
  /* Ends if its parent is asked about each call although this one waits. */
  pid_t waiting = fork();
  if (waiting == 0) {
    struct sockaddr_un back = named("back");
    int own = socket(AF_UNIX, SOCK_DGRAM, 0);
    bind(own, (void *)&back, sizeof back);
    _exit(sendmsg(s, &out, 0) == 2 ? 0 : 1);
  }
  struct stat state;
  while (stat("back", &state)) usleep(1000);
  char got[16];
  while (recv(yes, got, sizeof got, held-- > 0 ? 0 : MSG_DONTWAIT) > 0) {}
  int status = 0;
  waitpid(waiting, &status, 0);
  printf("to a full queue with waiting: %d\n", WEXITSTATUS(status));
  return 0;
}
