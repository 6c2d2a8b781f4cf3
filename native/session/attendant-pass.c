/* For a client that only sends bytes: they are relayed here, and descriptors that come with them
   are dropped here. */
#include "attendant.h"
#include <poll.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#define CHUNK_BYTES 16384

/* Passes one piece; returns 0 at the end of `from`. */
static int chunk_pass(int from, int to)
{
  static char chunk[CHUNK_BYTES];
  ssize_t got = read(from, chunk, sizeof chunk);
  for (ssize_t sent = 0, some; sent < got; sent += some)
    if ((some = send(to, chunk + sent, (size_t)(got - sent), MSG_NOSIGNAL)) <= 0)
      _exit(0);
  return got > 0;
}

_Noreturn void bytes_pass(int client, const char *path)
{
  struct sockaddr_un address = {.sun_family = AF_UNIX};
  strncpy(address.sun_path, path, sizeof address.sun_path - 1);
  int server = socket(AF_UNIX, SOCK_STREAM, 0);
  if (server < 0 || connect(server, (struct sockaddr *)&address, sizeof address) < 0)
    _exit(EXIT_REFUSED);
  struct pollfd ready[] = {{server, POLLIN, 0}, {client, POLLIN, 0}};
  for (;;) {
    if (poll(ready, 2, -1) < 0)
      continue;
    if (ready[0].revents != 0 && !chunk_pass(server, client))
      _exit(0);
    if (ready[1].revents != 0 && !chunk_pass(client, server)) {
      shutdown(server, SHUT_WR);
      ready[1].fd = -1;
    }
  }
}
