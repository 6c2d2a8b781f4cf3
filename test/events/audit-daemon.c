// Stands for an audit daemon: registers itself, with auditing on or off as argv[1] says (1 or 0),
// prints `ready`, and counts the Landlock denials that the kernel gives it until its input ends.
// Then prints the count and takes its registration back.
#define _GNU_SOURCE
#include <err.h>
#include <linux/audit.h>
#include <linux/netlink.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

enum { LANDLOCK_ACCESS = 1423, RECORD_MAX = 16 * 1024, DRAIN_MS = 200 };

static void set(int s, unsigned mask, unsigned enabled, unsigned pid) {
  struct { struct nlmsghdr h; struct audit_status status; } m = {
      .h = {.nlmsg_len = sizeof m, .nlmsg_type = AUDIT_SET, .nlmsg_flags = NLM_F_REQUEST},
      .status = {.mask = mask, .enabled = enabled, .pid = pid}};
  if (send(s, &m, sizeof m, 0) < 0) err(1, "AUDIT_SET");
}

int main(int count, char **arguments) {
  static char record[RECORD_MAX];
  int s = socket(AF_NETLINK, SOCK_RAW, NETLINK_AUDIT), denials = 0, ending = 0;
  struct sockaddr_nl kernel = {.nl_family = AF_NETLINK};
  if (s < 0 || count < 2 || connect(s, (void *)&kernel, sizeof kernel) < 0) err(1, "netlink");
  set(s, AUDIT_STATUS_PID | AUDIT_STATUS_ENABLED, (unsigned)atoi(arguments[1]), (unsigned)getpid());
  puts("ready");
  fflush(stdout);
  for (;;) {
    struct pollfd ready[] =
        {{.fd = s, .events = POLLIN}, {.fd = ending ? -1 : 0, .events = POLLIN}};
    if (poll(ready, 2, ending ? DRAIN_MS : -1) == 0) break;
    if (ready[1].revents) ending = 1;
    if (ready[0].revents && recv(s, record, sizeof record, 0) > 0)
      denials += ((struct nlmsghdr *)record)->nlmsg_type == LANDLOCK_ACCESS;
  }
  set(s, AUDIT_STATUS_PID, 0, 0);
  printf("%d\n", denials);
  return 0;
}
