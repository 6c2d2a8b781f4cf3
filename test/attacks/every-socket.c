// Makes a socket of every family and type there is, with every protocol that means something to one
// of them, and prints those that could be made: FAMILY TYPE PROTOCOL. Also with the flags of the
// type, and with bits above the 32 that the kernel looks at.
#define _GNU_SOURCE
#include <stdio.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>

static const long protocols[] =
    {0, 1, 2, 3, 6, 9, 12, 15, 16, 17, 33, 41, 47, 58, 89, 112, 132, 136, 255, 256, 262, 1L << 31};
static const long types[] =
    {SOCK_STREAM, SOCK_DGRAM, SOCK_RAW, SOCK_RDM, SOCK_SEQPACKET, SOCK_DCCP, SOCK_PACKET};
static const long flags[] = {0, SOCK_CLOEXEC, SOCK_NONBLOCK, 1L << 32};

int main(void) {
  for (long family = 0; family < AF_MAX + 4; family++)
    for (unsigned t = 0; t < sizeof types / sizeof *types; t++)
      for (unsigned p = 0; p < sizeof protocols / sizeof *protocols; p++)
        for (unsigned f = 0; f < sizeof flags / sizeof *flags; f++) {
          long protocol = protocols[p];
          long high = f == 3 ? 1L << 32 : 0;
          long s = syscall(SYS_socket, family | high, types[t] | flags[f], protocol | high);
          if (s < 0) continue;
          if (f == 0) printf("%ld %ld %ld\n", family, types[t], protocol);
          else printf("%ld %ld %ld flag %u\n", family, types[t], protocol, f);
          close((int)s);
        }
  return 0;
}
