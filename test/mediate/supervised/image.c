// image: linked statically, so that its second image has every address of the first one, whose
// memory the parent still has. Opens the name that lies at one address in both, and prints what the
// file says.
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

static char name[16];

static void content(void) {
  char text[64];
  int fd = open(name, O_RDONLY);
  ssize_t length = fd < 0 ? -1 : read(fd, text, sizeof text);
  if (length < 0) length = (ssize_t)strlen(strcpy(text, strerrorname_np(errno)));
  text[length] = '\n';
  if (write(1, text, (size_t)length + 1) < 0) _exit(1);
  close(fd);
}

int main(int argc, char **argv) {
  strcpy(name, argc > 1 ? argv[1] : "first");
  content();
  if (argc > 1) return 0;
  if (vfork() == 0) {
    content();
    execl(argv[0], argv[0], "second", (char *)0);
    _exit(1);
  }
  wait(NULL);
  content();
  return 0;
}
