/* Stays with one connection of the session server (src/sessions/attendant.ts) from its first byte
   to its last. A descriptor that a client sends may be a file that never answers, and then not even
   close(2) returns. Such descriptors are held here and never in the server, even while they wait
   unread in the socket: this process accepts the connection and closes it last. It decides nothing:
   it reports who connected, relays bytes, and starts what the server orders. */
#include "attendant.h"
#include <errno.h>
#include <poll.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <termios.h>
#include <unistd.h>

/* Limit on the sockets to which clients connect. */
#define LISTENERS_MAX 8
/* Limit on a packet, as the server reads them, bytes. */
#define BYTES_MAX 65535
/* Limit on supplementary groups, which must fit into a packet. */
#define GROUPS_MAX 16000
/* Pause before accepting is tried again when the host has no descriptors left, milliseconds. */
#define PAUSE_MS 100
/* Limit on what the server sends at once, bytes. */
#define WORDS_MAX 8192
#ifndef SO_PEERPIDFD
#define SO_PEERPIDFD 77
#endif

uint32_t terminals[DESCRIPTORS];

/* A failed send is ignored: the reader will notice that the server is gone, after its last
   message. */
void tell(char kind, const void *rest, size_t length, int descriptor)
{
  struct iovec pieces[] = {{&kind, 1}, {(void *)rest, length}};
  union {
    char bytes[CMSG_SPACE(sizeof descriptor)];
    struct cmsghdr align;
  } control = {.align = {CMSG_LEN(sizeof descriptor), SOL_SOCKET, SCM_RIGHTS}};
  struct msghdr packet = {.msg_iov = pieces, .msg_iovlen = 2};
  if (descriptor >= 0) {
    memcpy(CMSG_DATA(&control.align), &descriptor, sizeof descriptor);
    packet.msg_control = control.bytes;
    packet.msg_controllen = sizeof control.bytes;
  }
  sendmsg(CONTROL, &packet, MSG_NOSIGNAL);
}

/* Several attendants wait for one client. Tells at which socket it came. */
static int client_take(nfds_t listeners, uint32_t *listener)
{
  struct pollfd ready[1 + LISTENERS_MAX] = {{CONTROL, POLLIN, 0}};
  for (nfds_t i = 0; i < listeners; i++)
    ready[1 + i] = (struct pollfd){LISTENERS + (int)i, POLLIN, 0};
  for (;;) {
    if (poll(ready, 1 + listeners, -1) < 0)
      continue;
    if (ready[0].revents != 0)
      _exit(0);
    for (*listener = 0; *listener < listeners; ++*listener) {
      struct pollfd *one = &ready[1 + *listener];
      int client = one->revents == 0 ? -1 : accept4(one->fd, NULL, NULL, SOCK_CLOEXEC);
      if (client >= 0)
        return client;
      if (one->revents != 0 && errno != EAGAIN && errno != ECONNABORTED)
        poll(NULL, 0, PAUSE_MS);
    }
  }
}

/* Reports the client as the kernel identifies it. The pidfd is missing if the process has ended or
   cannot be opened. */
static void client_introduce(int client, uint32_t listener)
{
  static struct {
    uint32_t listener;
    struct ucred who;
    gid_t groups[GROUPS_MAX];
  } peer;
  peer.listener = listener;
  int process = -1;
  socklen_t size = sizeof peer.who, groups = sizeof peer.groups, one = sizeof process;
  int good = getsockopt(client, SOL_SOCKET, SO_PEERCRED, &peer.who, &size) == 0 &&
             getsockopt(client, SOL_SOCKET, SO_PEERGROUPS, peer.groups, &groups) == 0;
  int failed = good ? getsockopt(client, SOL_SOCKET, SO_PEERPIDFD, &process, &one) : 0;
  if (failed < 0 && errno == ENOPROTOOPT) /* before Linux 6.5 */
    process = (int)syscall(SYS_pidfd_open, peer.who.pid, 0);
  tell('p', &peer, sizeof peer - sizeof peer.groups + (good ? groups : 0), process);
  if (process >= 0)
    close(process);
}

static void descriptors_tell(struct msghdr *packet)
{
  struct {
    uint32_t count, terminals[DESCRIPTORS];
  } got = {0};
  struct cmsghdr *rights = CMSG_FIRSTHDR(packet);
  if (rights != NULL)
    got.count = (uint32_t)((rights->cmsg_len - CMSG_LEN(0)) / sizeof(int));
  if (packet->msg_flags & MSG_CTRUNC)
    got.count = UINT32_MAX;
  for (int i = 0; i < DESCRIPTORS && got.count == DESCRIPTORS; i++) {
    struct stat file;
    struct termios settings;
    /* Only a device is asked: any other file could answer an ioctl as it likes. */
    if (fstat(i, &file) == 0 && S_ISCHR(file.st_mode) && tcgetattr(i, &settings) == 0)
      terminals[i] = (uint32_t)file.st_rdev;
  }
  memcpy(got.terminals, terminals, sizeof terminals);
  tell('d', &got, sizeof got, -1);
}

/* Passes on what the client sends; returns 0 at its end. */
static int client_hear(int client, int is_first)
{
  static char bytes[BYTES_MAX];
  union {
    char bytes[CMSG_SPACE(DESCRIPTORS * sizeof(int))];
    struct cmsghdr align;
  } control;
  struct iovec vector = {bytes, sizeof bytes};
  struct msghdr packet = {.msg_iov = &vector, .msg_iovlen = 1};
  if (is_first) {
    packet.msg_control = control.bytes;
    packet.msg_controllen = CMSG_LEN(DESCRIPTORS * sizeof(int));
    /* The kernel assigns the lowest free numbers. */
    for (int i = 0; i < DESCRIPTORS; i++)
      close(i);
  }
  ssize_t got = recvmsg(client, &packet, 0);
  if (got <= 0)
    return 0;
  if (is_first)
    descriptors_tell(&packet);
  tell('b', bytes, (size_t)got, -1);
  return 1;
}

/* Carries out one message of the server: starts what is in the orders, sends a signal, or ends. */
static void server_obey(int client, int *ended)
{
  char words[WORDS_MAX];
  ssize_t length;
  /* If the server exited without reading everything, its socket reports that error first, then its
     message. */
  do
    length = recv(CONTROL, words, sizeof words, 0);
  while (length < 0 && errno == ECONNRESET);
  if (length <= 0)
    _exit(0);
  switch (words[0]) {
  case 'r':
    *ended = orders_start();
    break;
  case 'k':
    orders_kill(words[1]);
    break;
  default:
    /* The client's buffer holds this even if the client does not read. */
    send(client, words + 1, (size_t)length - 1, MSG_DONTWAIT | MSG_NOSIGNAL);
    _exit(0);
  }
}

int main(int argc, char **argv)
{
  uint32_t listener;
  unsigned listeners = argc > 1 ? (unsigned)atoi(argv[1]) : 0;
  if (listeners < 1 || listeners > LISTENERS_MAX)
    return EXIT_REFUSED;
  int is_first = 1, client = client_take(listeners, &listener);
  client_introduce(client, listener);
  /* The server says whether to report the client's bytes, or where to pass them on. */
  char words[WORDS_MAX] = "";
  if (recv(CONTROL, words, sizeof words - 1, 0) <= 0)
    _exit(0);
  /* Other attendants wait at these sockets. If none did, a client must be refused, not kept
     waiting. */
  syscall(SYS_close_range, LISTENERS, LISTENERS + listeners - 1, 0);
  if (*words == 'p')
    bytes_pass(client, words + 1);
  struct pollfd ready[] = {{CONTROL, POLLIN, 0}, {client, POLLIN, 0}, {-1, POLLIN, 0}};
  for (;;) {
    if (poll(ready, 3, -1) < 0)
      continue;
    if (ready[1].revents != 0 && !client_hear(client, is_first)) {
      ready[1].fd = -1;
      tell('h', NULL, 0, -1);
    }
    is_first = is_first && ready[1].revents == 0;
    if (ready[2].revents != 0) {
      orders_reap();
      ready[2].fd = -1;
    }
    if (ready[0].revents != 0)
      server_obey(client, &ready[2].fd);
  }
}
