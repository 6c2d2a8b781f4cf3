// standing-groups GROUP FILE WAY: an ordinary user with one supplementary group opens a file that
// is the group's, often enough for the group to be known, and again when it is another. Prints
// what each open came to. WAY `again` only opens.
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <linux/capability.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>

enum { NOBODY = 65534, OFTEN = 8 };
static gid_t group;
static char **words;

static void must(long result, const char *what) {
  if (result >= 0) return;
  perror(what);
  exit(9);
}
static void look(const char *when) {
  int fd = open(words[2], O_RDONLY);
  printf("%s: %s\n", when, fd < 0 ? strerrorname_np(errno) : "opened");
  fflush(stdout);
  if (fd >= 0) close(fd);
}
// Of this thread alone, unlike libc's.
static void take(size_t count) { must(syscall(SYS_setgroups, count, &group), "setgroups"); }

static void becomeNobody(void) {
  struct __user_cap_header_struct own = {_LINUX_CAPABILITY_VERSION_3, 0};
  struct __user_cap_data_struct sets[2] = {
    {.effective = 1 << CAP_SETGID, .permitted = 1 << CAP_SETGID},
  };
  must(prctl(PR_SET_KEEPCAPS, 1, 0, 0, 0), "keep");
  must(syscall(SYS_setresgid, NOBODY, NOBODY, NOBODY), "setresgid");
  must(syscall(SYS_setresuid, NOBODY, NOBODY, NOBODY), "setresuid");
  must(syscall(SYS_capset, &own, sets), "capset");
}
static void *execute(void *none) {
  take(0);
  char *again[] = {words[0], words[1], words[2], "again", NULL};
  must(execv(words[0], again), "execv");
  return none;
}

int main(int argc, char **argv) {
  if (argc < 4) return 98;
  words = argv;
  group = (gid_t)atoi(argv[1]);
  if (!strcmp(argv[3], "again")) {
    look("executed without");
    return 0;
  }
  take(1);
  becomeNobody();
  for (int time = 0; time < OFTEN; time++) look("with");
  if (!strcmp(argv[3], "same")) {
    take(0);
    look("without");
    take(1);
    look("with");
    return 0;
  }
  pthread_t other;
  must(-pthread_create(&other, NULL, execute, NULL), "thread");
  for (;;) pause();
}
