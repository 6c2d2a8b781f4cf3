/* Sends the second argument to the unix socket that the first names, and prints the beginning of
   the answer. */
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

int main(int argc, char **argv)
{
  struct sockaddr_un address = {.sun_family = AF_UNIX};
  char answer[4096];
  int fd = socket(AF_UNIX, SOCK_STREAM, 0);
  if (argc != 3 || strlen(argv[1]) >= sizeof address.sun_path)
    return 2;
  strcpy(address.sun_path, argv[1]);
  if (connect(fd, (struct sockaddr *)&address, sizeof address) < 0
      || write(fd, argv[2], strlen(argv[2])) < 0) {
    perror("ask");
    return 1;
  }
  ssize_t length = read(fd, answer, sizeof answer);
  if (length < 0)
    perror("read");
  else
    fwrite(answer, 1, (size_t)length, stdout);
  return length <= 0;
}
