#include <sys/un.h>

#include "exec-hold.h"
#include "holder.h"

/* Pause between two attempts to reach the successor of a shared mediator, in nanoseconds. */
#define RETRY_NS 20000000l
/* Limit on attempts before a run gets a mediator of its own: a second. */
#define RETRIES_MAX 50
/* How long the mediator may take to say whether it has room, in milliseconds: as long as it gives
   a holder. */
#define ROOM_MS 2000

static int connect_once(void)
{
  const struct sockaddr_un address = {AF_UNIX, MEDIATOR_SOCKET};
  struct ucred peer = {.uid = (uid_t)-1};
  socklen_t length = sizeof peer;
  int connection = socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
  if (connection >= 0 && connect(connection, (const void *)&address, sizeof address) == 0 &&
      getsockopt(connection, SOL_SOCKET, SO_PEERCRED, &peer, &length) == 0 && peer.uid == 0)
    return connection;
  int error = peer.uid == (uid_t)-1 ? errno : EPERM;
  close(connection);
  errno = error;
  return -1;
}

int shared_connect(bool was_there)
{
  const struct timespec interval = {.tv_nsec = RETRY_NS};
  for (int left = RETRIES_MAX;; left--) {
    int connection = connect_once();
    /* A socket without a listener may be left from an earlier mediator, so only a holder that had
       a mediator waits for its successor. EAGAIN: the mediator lives and is busy. */
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
