// Descriptors that another process opened: their flags, numbers, limits, and what becomes of them.
#include <pthread.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/resource.h>

#include "transparent.h"

static int open_descriptors(void) {
  int n = 0;
  for (int i = 0; i < 256; i++) n += fcntl(i, F_GETFD) >= 0;
  return n;
}
static void limit(int what, rlim_t value) {
  struct rlimit l;
  getrlimit((__rlimit_resource_t)what, &l);
  l.rlim_cur = value;
  setrlimit((__rlimit_resource_t)what, &l);
}
CASE(descriptors, lowest_number_first) {
  int a = open("a", O_CREAT | O_RDWR, 0600), b = open("b", O_CREAT | O_RDWR, 0600),
      c = open("a", O_RDONLY);
  printf("%d %d %d\n", a, b - a, c - a);
  close(b);
  printf("%d\n", open("/dev/null", O_RDWR) - a);
  close(0);
  printf("%d\n", open("a", O_RDONLY));
  close(a);
  printf("%d\n", open(".", O_RDONLY) - a);
}
CASE(descriptors, none_left) {
  put("f", "x");
  limit(RLIMIT_NOFILE, 3);
  int before = open_descriptors();
  for (int i = 0; i < 100; i++)
    if (open("f", O_RDWR) >= 0 || errno != EMFILE) printf("opened?\n");
  SAY_FD(open("new", O_CREAT | O_RDWR, 0600));
  SAY_FD(open("new", O_CREAT | O_EXCL | O_RDWR, 0600));
  SAY_FD(open(".", O_TMPFILE | O_RDWR, 0600));
  SAY_FD(open("f", O_TRUNC | O_WRONLY));
  SAY_FD(open("f", O_TRUNC | O_RDONLY));
  SAY_FD(open("f", O_TRUNC | O_CREAT | O_WRONLY, 0600));
  SAY_FD(open("f", O_TRUNC | O_NOFOLLOW | O_RDWR | O_APPEND));
  SAY_FD(creat("f", 0600));
  SAY_FD((int)syscall(SYS_memfd_create, "x", 0));
  printf("as many as before %d\n", open_descriptors() == before);
  limit(RLIMIT_NOFILE, 64);
  say_file("new");
  say_file("f");
  SAY_FD(open("f", O_RDWR));
}
CASE(descriptors, emptied_by_opening) {
  static const int flags[] =
      {O_WRONLY, O_RDONLY, O_RDWR | O_APPEND, O_WRONLY | O_CREAT, O_RDWR | O_NOFOLLOW};
  for (int i = 0; i < 5; i++) {
    put("f", "content");
    int f = SAY_FD(open("f", flags[i] | O_TRUNC, 0600));
    SAY(fcntl(f, F_GETFL));
    struct stat s;
    SAY(fstat(f, &s));
    printf("mode %o size %ld\n", s.st_mode, (long)s.st_size);
    close(f);
  }
  chmod("f", 0400);
  put("d", "x");
  SAY(mkdir("directory", 0755));
  SAY_FD(open("directory", O_RDONLY | O_TRUNC));
  SAY_FD(open("f", O_RDONLY | O_TRUNC));
  SAY_FD(open("f", O_PATH | O_TRUNC));
}
CASE(descriptors, emptied_memory) {
  char self[64];
  int m = memfd_create("m", MFD_ALLOW_SEALING);
  snprintf(self, sizeof self, "/proc/self/fd/%d", m);
  SAY(write(m, "content", 7));
  SAY_FD(open(self, O_RDWR | O_TRUNC));
  SAY(lseek(m, 0, SEEK_END));
  SAY(write(m, "content", 7));
  SAY(fcntl(m, F_ADD_SEALS, F_SEAL_SHRINK));
  SAY_FD(open(self, O_RDWR | O_TRUNC));
  SAY(lseek(m, 0, SEEK_END));
  SAY(open_descriptors());
}
CASE(descriptors, none_left_for_no_file) {
  limit(RLIMIT_NOFILE, 3);
  SAY_FD(open("none", O_RDONLY));
}
CASE(descriptors, appending_together) {
  int a = open("log", O_CREAT | O_WRONLY | O_APPEND, 0644);
  fflush(stdout);
  pid_t c[4];
  for (int i = 0; i < 4; i++)
    if ((c[i] = fork()) == 0) {
      int f = open("log", O_WRONLY | O_APPEND);
      for (int k = 0; k < 50; k++)
        if (write(k % 2 ? f : a, "0123456789", 10) != 10) _exit(1);
      _exit(0);
    }
  for (int i = 0; i < 4; i++) say_end("writer", c[i]);
  say_file("log");
  SAY(pwrite(a, "late", 4, 0));
  SAY(fcntl(a, F_GETFL) & O_APPEND);
  SAY(fcntl(a, F_SETFL, O_NONBLOCK));
  SAY(lseek(a, 0, SEEK_SET));
  SAY(write(a, "first", 5));
  say_file("log");
}
CASE(descriptors, nameless_file_gets_names) {
  int f = SAY_FD(open(".", O_TMPFILE | O_RDWR | O_CLOEXEC, 0640)),
      x = open(".", O_TMPFILE | O_WRONLY | O_EXCL, 0600);
  char self[64];
  say_open(f);
  SAY(write(f, "text", 4));
  SAY(fchmod(f, 0604));
  snprintf(self, sizeof self, "/proc/self/fd/%d", f);
  mkdir("d", 0755);
  put("taken", "");
  SAY(linkat(AT_FDCWD, self, AT_FDCWD, "taken", AT_SYMLINK_FOLLOW) == 0);
  SAY(linkat(AT_FDCWD, self, AT_FDCWD, "none/x", AT_SYMLINK_FOLLOW) == 0);
  SAY(linkat(AT_FDCWD, self, AT_FDCWD, "d/one", AT_SYMLINK_FOLLOW));
  SAY(linkat(f, "", AT_FDCWD, "two", AT_EMPTY_PATH));
  say_content("d/one");
  say_file("two");
  SAY(unlink("d/one"));
  SAY(unlink("two"));
  SAY(linkat(f, "", AT_FDCWD, "three", AT_EMPTY_PATH));
  snprintf(self, sizeof self, "/proc/self/fd/%d", x);
  SAY(linkat(AT_FDCWD, self, AT_FDCWD, "never", AT_SYMLINK_FOLLOW));
  int o = open("taken", O_RDONLY);
  SAY(linkat(o, "", AT_FDCWD, "again", AT_EMPTY_PATH));
  SAY(unlink("taken"));
  SAY(linkat(o, "", AT_FDCWD, "more", AT_EMPTY_PATH));
  say_file("again");
}
CASE(descriptors, closed_at_exec) {
  int keep = open("keep", O_CREAT | O_RDWR, 0600),
      go = open("go", O_CREAT | O_RDWR | O_CLOEXEC, 0600);
  int memory = (int)syscall(SYS_memfd_create, "m", 1);
  dup2(keep, 10);
  dup3(go, 11, O_CLOEXEC);
  dup3(memory, 12, O_CLOEXEC);
  dup2(go, 13);
  char *args[] = {"sh", "-c", "for i in 10 11 12 13; do test -e /proc/self/fd/$i && echo $i; done",
      NULL};
  run("/bin/sh", args, none);
}
CASE(descriptors, file_size_limit) {
  signal(SIGXFSZ, SIG_IGN);
  put("f", "0123456789");
  limit(RLIMIT_FSIZE, 5);
  int f = SAY_FD(open("f", O_RDWR));
  SAY(pwrite(f, "abcdefgh", 8, 0));
  SAY(ftruncate(f, 6));
  SAY(ftruncate(f, 4));
  SAY(truncate("f", 6));
  SAY(truncate("f", 3));
  SAY(mkdir("d", 0755));
  SAY_FD(open("new", O_CREAT | O_RDWR, 0600));
  say_file("f");
}
static void *opens(void *results) {
  for (long i = 0; i < 200; i++) {
    int f = open("f", i % 2 ? O_RDONLY : O_RDWR);
    if (f < 0 || close(f)) ++*(long *)results;
  }
  return NULL;
}
CASE(descriptors, threads_take_them_and_give_them_back) {
  put("f", "x");
  pthread_t t[8];
  long bad[8] = {0}, all = 0;
  int before = open_descriptors();
  for (int i = 0; i < 8; i++) pthread_create(&t[i], NULL, opens, &bad[i]);
  for (int i = 0; i < 8; i++) pthread_join(t[i], NULL), all += bad[i];
  printf("%ld bad, as many as before %d\n", all, before == open_descriptors());
}
CASE(descriptors, locks_and_leases) {
  put("f", "x");
  int r = open("f", O_RDONLY);
  SAY(fcntl(r, F_SETLEASE, F_RDLCK));
  SAY(fcntl(r, F_GETLEASE));
  SAY_FD(open("f", O_RDONLY));
  SAY_FD(open("f", O_WRONLY | O_NONBLOCK));
  SAY(fcntl(r, F_SETLEASE, F_UNLCK));
  SAY_FD(open("f", O_WRONLY | O_NONBLOCK));
}
CASE(descriptors, of_removed_and_replaced_files) {
  put("f", "old");
  int f = open("f", O_RDWR), p = open("f", O_PATH);
  put("g", "new");
  SAY(rename("g", "f"));
  char self[64];
  snprintf(self, sizeof self, "/proc/self/fd/%d", p);
  say_content(self);
  say_content("f");
  SAY(fchmod(f, 0600));
  SAY(chmod(self, 0640));
  say_open(f);
  SAY_FD(open(self, O_RDWR | O_TRUNC));
  say_open(f);
}
CASE(descriptors, truncated_through_proc) {
  put("f", "content");
  char self[64];
  snprintf(self, sizeof self, "/proc/self/fd/%d", open("f", O_RDWR));
  SAY(truncate(self, 1));
  say_file("f");
}
