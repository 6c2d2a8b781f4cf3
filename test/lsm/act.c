// Answers each line of its standard input:
//   secure            whether it was executed with AT_SECURE
//   execute FILE      executes the file in its place
//   nnp               sets no_new_privs
//   code FILE         maps a file, then makes the mapping executable: `0` or an errno's name
//   tmpfile FOLDER    makes a file without a name there, and opens it again by its descriptor
//   again FILE        opens it, removes it, and opens it again by its descriptor
//   at FOLDER FILE    opens the folder, and from there the file
//   exchange A B      exchanges two names
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/auxv.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <unistd.h>

static int reopened(int fd) {
  char name[64];
  snprintf(name, sizeof name, "/proc/self/fd/%d", fd);
  return fd < 0 ? -1 : open(name, O_RDONLY);
}

static int made_code(const char *name) {
  int fd = open(name, O_RDONLY);
  void *at = mmap(0, 4096, PROT_READ, MAP_PRIVATE, fd, 0);
  return fd < 0 || at == MAP_FAILED ? -1 : mprotect(at, 4096, PROT_READ | PROT_EXEC);
}

static int perform(char *line) {
  char *rest = line, *what = strsep(&rest, " "), *a = strsep(&rest, " "), *b = rest;
  errno = EINVAL;
  if (!strcmp(what, "nnp")) return prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0);
  if (!a) return -1;
  if (!strcmp(what, "execute")) return execl(a, a, (char *)0);
  if (!strcmp(what, "code")) return made_code(a);
  if (!strcmp(what, "tmpfile")) return reopened(open(a, O_TMPFILE | O_RDWR, 0600));
  if (!strcmp(what, "again")) {
    int fd = open(a, O_RDONLY);
    return fd < 0 || unlink(a) < 0 ? -1 : reopened(fd);
  }
  if (!b) return -1;
  if (!strcmp(what, "exchange")) return renameat2(AT_FDCWD, a, AT_FDCWD, b, RENAME_EXCHANGE);
  if (!strcmp(what, "at")) {
    int fd = open(a, O_PATH);
    return fd < 0 ? -1 : openat(fd, b, O_RDONLY);
  }
  return -1;
}

int main(void) {
  char line[8192];
  // What was read ahead would be lost by an execve.
  setvbuf(stdin, 0, _IONBF, 0);
  while (fgets(line, sizeof line, stdin)) {
    line[strcspn(line, "\n")] = 0;
    if (!strcmp(line, "secure")) printf("%lu\n", getauxval(AT_SECURE));
    else printf("%s\n", perform(line) < 0 ? strerrorname_np(errno) : "0");
    fflush(stdout);
  }
  return 0;
}
