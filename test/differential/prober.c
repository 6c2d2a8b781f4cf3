// Carries out requests, one a line of its standard input, and prints for each what the kernel said:
// `0` or an errno's name. Fields are separated by tabs: OPERATION NAME [OTHER]. It knows no policy.
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

static int opened(const char *name, int flags) {
  int fd = open(name, flags, 0600);
  if (fd < 0) return -1;
  close(fd);
  return 0;
}
static int execute(const char *name) {
  pid_t p = fork();
  int status;
  if (p == 0) {
    execl(name, name, (char *)0);
    _exit(errno > 127 ? 127 : errno);
  }
  if (p < 0 || waitpid(p, &status, 0) < 0) return -1;
  if (WEXITSTATUS(status) == 0) return 0;
  errno = WEXITSTATUS(status);
  return -1;
}
static int bind_unix(const char *name) {
  struct sockaddr_un a = {.sun_family = AF_UNIX};
  strncpy(a.sun_path, name, sizeof a.sun_path - 1);
  int s = socket(AF_UNIX, SOCK_STREAM, 0);
  if (s < 0) return -1;
  int r = bind(s, (void *)&a, sizeof a);
  int saved = errno;
  close(s);
  errno = saved;
  return r;
}
static int perform(const char *operation, const char *a, const char *b) {
  if (!strcmp(operation, "read")) return opened(a, O_RDONLY);
  if (!strcmp(operation, "list")) return opened(a, O_RDONLY | O_DIRECTORY);
  if (!strcmp(operation, "write")) return opened(a, O_WRONLY);
  if (!strcmp(operation, "truncate")) return truncate(a, 3);
  if (!strcmp(operation, "mkfile")) return mknod(a, S_IFREG | 0600, 0);
  if (!strcmp(operation, "mkdir")) return mkdir(a, 0700);
  if (!strcmp(operation, "mkfifo")) return mkfifo(a, 0600);
  if (!strcmp(operation, "symlink")) return symlink("nowhere", a);
  if (!strcmp(operation, "unlink")) return unlink(a);
  if (!strcmp(operation, "rmdir")) return rmdir(a);
  if (!strcmp(operation, "chmod")) return chmod(a, 0700);
  if (!strcmp(operation, "execute")) return execute(a);
  if (!strcmp(operation, "bind")) return bind_unix(a);
  if (!strcmp(operation, "rename")) return rename(a, b);
  if (!strcmp(operation, "link")) return link(a, b);
  errno = EINVAL;
  return -1;
}
int main(void) {
  char *line = 0;
  size_t size = 0;
  // One that waits for each answer must not wait for a full buffer.
  setvbuf(stdout, 0, _IOLBF, 0);
  while (getline(&line, &size, stdin) > 0) {
    line[strcspn(line, "\n")] = 0;
    char *rest = line, *operation = strsep(&rest, "\t"), *a = strsep(&rest, "\t"),
        *b = strsep(&rest, "\t");
    errno = 0;
    int r = perform(operation, a, b);
    puts(r == 0 ? "0" : strerrorname_np(errno) ? strerrorname_np(errno) : "?");
  }
  return 0;
}
