#include "exec-hold.h"
#include "holder.h"

#define RETRY_NS 20000000l
/* A second. */
#define RETRIES_MAX 50
/* How long the mediator may take to say whether it has room, in milliseconds: as long as it gives
   a holder. */
#define ROOM_MS 2000

int shared_connect(bool was_there)
{
  const struct sockaddr_un address = {AF_UNIX, MEDIATOR_SOCKET};
  const struct timespec interval = {.tv_nsec = RETRY_NS};
  for (int left = RETRIES_MAX;; left--) {
    int connection = connect_to_root(&address, SOCK_SEQPACKET | SOCK_NONBLOCK);
    /* Only a holder that had a mediator waits for a successor: a socket without a listener may be a
       leftover. EAGAIN: the mediator lives and is busy. */
    bool may_come = errno == EAGAIN || (was_there && (errno == ECONNREFUSED || errno == ENOENT));
    if (connection >= 0 || !may_come || left == 0)
      return connection;
    nanosleep(&interval, NULL);
  }
}

union control {
  struct cmsghdr header;
  char bytes[CMSG_SPACE(HANDED_OVER_MAX * sizeof(int))];
};

enum shared_state shared_hear(int connection)
{
  union control control;
  char told[sizeof EXEC_BELL];
  struct iovec text = {told, sizeof told};
  for (;;) {
    struct msghdr message = {.msg_iov = &text,
                             .msg_iovlen = 1,
                             .msg_control = &control,
                             .msg_controllen = sizeof control};
    ssize_t got = recvmsg(connection, &message, MSG_CMSG_CLOEXEC | MSG_DONTWAIT);
    /* The other end was closed with a bell unread. The kernel reports that before what the end had
       sent, which may be the next connection (net/unix/af_unix.c, unix_release_sock). */
    if (got < 0 && errno == ECONNRESET)
      continue;
    if (got <= 0)
      return got < 0 && (errno == EAGAIN || errno == EINTR) ? SHARED_GOES_ON : SHARED_IS_OVER;
    if (got == 1 && told[0] == MEDIATOR_SAYS_ELSEWHERE)
      return SHARED_ELSEWHERE;
    if (message.msg_controllen < CMSG_LEN(sizeof(int)))
      continue;
    int next;
    memcpy(&next, CMSG_DATA(&control.header), sizeof next);
    dup3(next, connection, O_CLOEXEC);
    close(next);
    /* the mediator may not have read what the old connection carried last */
    exec_bell_ring(connection);
  }
}

static bool send_with(int connection, char *words, const int *descriptors, size_t count)
{
  const size_t size = count * sizeof(int);
  union control control = {
      .header = {
          .cmsg_len = CMSG_LEN(size), .cmsg_level = SOL_SOCKET, .cmsg_type = SCM_RIGHTS}};
  struct iovec text = {words, strlen(words)};
  struct msghdr message = {.msg_iov = &text,
                           .msg_iovlen = 1,
                           .msg_control = &control,
                           .msg_controllen = CMSG_SPACE(size)};
  memcpy(CMSG_DATA(&control.header), descriptors, size);
  return sendmsg(connection, &message, MSG_NOSIGNAL) == (ssize_t)strlen(words);
}

bool hand_over(int connection, const struct holdings *own)
{
  const int descriptors[HANDED_OVER_MAX] = {own->listener, own->slots, own->plan, own->events};
  const size_t count = own->events < 0 ? HANDED_OVER_MAX - 1 : HANDED_OVER_MAX;
  return send_with(connection, HOLDER_HOLDS, descriptors, count);
}

bool shared_has_room(int plan)
{
  char said = 0;
  int connection = shared_connect(false);
  struct pollfd answer = {.fd = connection, .events = POLLIN};
  bool heard = connection >= 0 && send_with(connection, HOLDER_ASKS, &plan, 1) &&
               poll(&answer, 1, ROOM_MS) == 1 &&
               recv(connection, &said, sizeof said, MSG_DONTWAIT) == sizeof said;
  close(connection);
  return heard && said == MEDIATOR_SAYS_TAKEN;
}

int take_over(int connection, int *handed)
{
  union control control;
  char bytes[sizeof HOLDER_HOLDS];
  struct iovec text = {bytes, sizeof bytes};
  struct msghdr message = {.msg_iov = &text,
                           .msg_iovlen = 1,
                           .msg_control = &control,
                           .msg_controllen = sizeof control};
  if (recvmsg(connection, &message, MSG_CMSG_CLOEXEC) <= 0 || message.msg_controllen < CMSG_LEN(0))
    return 0;
  size_t size = control.header.cmsg_len - CMSG_LEN(0);
  memcpy(handed, CMSG_DATA(&control.header), size);
  return (int)(size / sizeof *handed);
}
