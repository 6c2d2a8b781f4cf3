#include "launcher.h"

int connect_to_root(const struct sockaddr_un *address, int type)
{
  struct ucred peer = {.uid = (uid_t)-1};
  socklen_t length = sizeof peer;
  int connection = socket(AF_UNIX, type | SOCK_CLOEXEC, 0);
  if (connection >= 0 && connect(connection, (const void *)address, sizeof *address) == 0 &&
      getsockopt(connection, SOL_SOCKET, SO_PEERCRED, &peer, &length) == 0 && peer.uid == 0)
    return connection;
  int error = peer.uid == (uid_t)-1 ? errno : EPERM;
  close(connection);
  errno = error;
  return -1;
}
