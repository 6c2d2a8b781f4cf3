/* Connections and the descriptors that go over them; for acts.c alone. */
enum { HELD = 9 }; /* a connection that was left open */

/* As many descriptors as one message takes (SCM_MAX_FD), beside a holder's word. */
enum { RIGHTS_MAX = 253 };
static long handed(int fd) {
  static union { char bytes[CMSG_SPACE(RIGHTS_MAX * sizeof(int))]; struct cmsghdr align; } control;
  struct iovec text = {"CFDMHOLD", 8};
  struct msghdr message =
      {.msg_iov = &text, .msg_iovlen = 1, .msg_control = &control,
      .msg_controllen = sizeof control};
  control.align = (struct cmsghdr){.cmsg_len = CMSG_LEN(RIGHTS_MAX * sizeof(int)),
      .cmsg_level = SOL_SOCKET, .cmsg_type = SCM_RIGHTS};
  int null = open("/dev/null", O_RDONLY | O_CLOEXEC);
  for (int i = 0; i < RIGHTS_MAX; i++) ((int *)CMSG_DATA(&control.align))[i] = null;
  long sent = sendmsg(fd, &message, MSG_NOSIGNAL);
  int error = errno;
  close(null);
  errno = error;
  return sent;
}
/* Whether a mediator takes what came over a connection. */
static long taken(int fd) {
  char byte;
  TRY(handed(fd));
  ssize_t got = recv(fd, &byte, 1, 0);
  if (got == 0 || (got < 0 && errno == ECONNRESET))
    errno = EPIPE; /* closed, with or without what was sent unread */
  return got == 1 ? 0 : -1;
}
static int connected(const char *path, int type) {
  struct sockaddr_un name = {AF_UNIX, ""};
  int fd = socket(AF_UNIX, type | SOCK_CLOEXEC, 0);
  strncpy(name.sun_path, path, sizeof name.sun_path - 1);
  if (connect(fd, (void *)&name, sizeof name) == 0) return fd;
  int error = errno;
  close(fd);
  errno = error;
  return -1;
}
static long passed(const char *path, int type) {
  int fd = connected(path, type);
  TRY(fd);
  long done = handed(fd);
  int error = errno;
  close(fd);
  errno = error;
  return done;
}
