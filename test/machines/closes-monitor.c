// In the emulator's place: connects to its monitor, closes it, and goes on with a child of its own,
// whatever it is asked to.
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

int main(int argc, char **argv) {
  struct sockaddr_un address = {.sun_family = AF_UNIX};
  for (int i = 1; i < argc; i++)
    sscanf(argv[i], "socket,id=cofferdam-monitor,path=%100[^,]", address.sun_path);
  signal(SIGTERM, SIG_IGN);
  int fd = socket(AF_UNIX, SOCK_STREAM, 0);
  if (connect(fd, (struct sockaddr *)&address, sizeof(address)) < 0) return perror("connect"), 1;
  close(fd);
  fork();
  for (;;) pause();
}
