// terminals host|second|hidden HARNESS...: two terminals of one number, of the host's devpts and of
// a second instance, mounted beside it; the one that is named is the controlling terminal of the
// session in which the harness is run (hidden: of the second, mounted nowhere any more). Prints
// where what the target writes to /dev/tty arrives.
// terminals write: the target.
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

static int must(int result, const char *what) {
  if (result >= 0) return result;
  fprintf(stderr, "terminals: %s: %s\n", what, strerror(errno));
  exit(9);
}

static int master(const char *name) {
  int open_ = 0, end = must(open(name, O_RDWR | O_NOCTTY | O_NONBLOCK | O_CLOEXEC), name);
  must(ioctl(end, TIOCSPTLCK, &open_), "TIOCSPTLCK");
  return end;
}
static unsigned index_(int end) {
  unsigned number;
  must(ioctl(end, TIOCGPTN, &number), "TIOCGPTN");
  return number;
}
static int other(int end) {
  return must(ioctl(end, TIOCGPTPEER, O_RDWR | O_NOCTTY | O_CLOEXEC), "TIOCGPTPEER");
}

static void arrived(const char *where, int end) {
  char text[64];
  ssize_t length = read(end, text, sizeof text);
  printf("%s: %s\n", where, length > 0 ? "written to" : "nothing");
}

static int target(void) {
  int fd = open("/dev/tty", O_RDWR);
  if (fd < 0) puts(strerrorname_np(errno));
  else printf("%s\n", write(fd, "x", 1) == 1 ? "wrote" : "?");
  fflush(stdout);
  return 0;
}

int main(int argc, char **argv) {
  if (argc == 2 && !strcmp(argv[1], "write")) return target();
  if (argc < 3) return 98;
  must(unshare(CLONE_NEWNS), "unshare");
  must(mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL), "private");
  must(mkdir("second", 0755), "mkdir");
  must(mount("devpts", "second", "devpts", 0, "ptmxmode=0666"), "devpts");
  int host = master("/dev/ptmx"), second;
  while (index_(second = master("second/ptmx")) < index_(host)) continue;
  if (index_(second) != index_(host)) return 97;
  int ends[] = {other(host), other(second)};
  if (!strcmp(argv[1], "hidden")) must(umount2("second", MNT_DETACH), "umount");
  pid_t run = must(fork(), "fork");
  if (run == 0) {
    must(setsid(), "setsid");
    must(ioctl(ends[strcmp(argv[1], "host") != 0], TIOCSCTTY, 0), "TIOCSCTTY");
    execv(argv[2], argv + 2);
    _exit(96);
  }
  int status;
  waitpid(run, &status, 0);
  arrived("host", host);
  arrived("second", second);
  return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}
