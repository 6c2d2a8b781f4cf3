// full NAME READY: a child connects to a listener at NAME that has no room until SIGUSR1 says that
// the mediator has been killed often enough; meanwhile this process, which makes READY first, goes
// on asking.
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

static volatile sig_atomic_t over;
static void stop(int signal) { (void)signal; over = 1; }

static int connection(struct sockaddr_un *to, int flags) {
  int s = socket(AF_UNIX, SOCK_STREAM | flags, 0);
  return connect(s, (void *)to, sizeof *to) ? -errno : s;
}

int main(int argc, char **argv) {
  struct sockaddr_un name = {.sun_family = AF_UNIX};
  if (argc != 3 || strlen(argv[1]) >= sizeof name.sun_path) return 9;
  strcpy(name.sun_path, argv[1]);
  struct sigaction a = {.sa_handler = stop};
  sigaction(SIGUSR1, &a, NULL);
  int l = socket(AF_UNIX, SOCK_STREAM, 0);
  if (bind(l, (void *)&name, sizeof name) || listen(l, 0)) return 8;
  while (connection(&name, SOCK_NONBLOCK) != -EAGAIN) continue;
  pid_t child = fork();
  if (child == 0) {
    int s = connection(&name, 0);
    printf("%s\n", s < 0 ? strerrorname_np(-s) : "connected");
    return 0;
  }
  close(open(argv[2], O_CREAT | O_WRONLY, 0600));
  while (!over) close(open("open/busy", O_CREAT | O_WRONLY, 0600));
  // The room is the child's.
  while (accept(l, NULL, NULL) < 0)
    if (errno != EINTR) return 7;
  return waitpid(child, NULL, 0) == child ? 0 : 6;
}
