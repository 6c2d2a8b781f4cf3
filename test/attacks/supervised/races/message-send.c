// title: the address, its length and the pieces of a message flip while it is sent
// as: root
#include "../../races/race.h"
static struct sockaddr_un good, bad;
static struct msghdr message;
static struct iovec piece;
static char text[4];
static void *swap(void *unused) {
  void *volatile *name = &message.msg_name;
  volatile size_t *length = &piece.iov_len;
  while (!stop_flipping) {
    *name = &good; *length = 4; for (volatile int i = 0; i < 20; i++) { }
    *name = &bad; *length = 1; for (volatile int i = 0; i < 20; i++) { }
  }
  return unused;
}
static int receiver(struct sockaddr_un *a, const char *name) {
  int s = NEED(socket(AF_UNIX, SOCK_DGRAM | SOCK_NONBLOCK, 0));
  NEED(bind(s, (void *)a, unix_name(a, name)));
  return s;
}
static void attack(void) {
  int at_good = receiver(&good, in_scratch("granted/good.sock")),
      at_bad = receiver(&bad, in_scratch("granted/bad.sock"));
  int s = NEED(socket(AF_UNIX, SOCK_DGRAM | SOCK_NONBLOCK, 0));
  piece = (struct iovec){text, 4};
  message = (struct msghdr){.msg_name = &good, .msg_namelen = sizeof good, .msg_iov = &piece,
      .msg_iovlen = 1};
  pthread_t t;
  NEED(-pthread_create(&t, 0, swap, 0));
  long ok = 0, no = 0, breach = 0;
  char got[8];
  for (long i = 0; i < tries() && !breach; i++) {
    if (sendmsg(s, &message, 0) < 0) no++; else ok++;
    while (recv(at_good, got, sizeof got, 0) > 0) { }
    if (recv(at_bad, got, sizeof got, 0) > 0) breach++;
  }
  stop_flipping = 1;
  pthread_join(t, 0);
  report(ok, no);
  if (breach) succeeded("sent to a name that is not granted");
  refused("in no try");
}
