// Metadata, existence, locks, anonymous files.
#include <sys/time.h>
#include <sys/xattr.h>

#include "transparent.h"

CASE(metadata, modes) {
  put("f", "x");
  mkdir("d", 0755);
  if (symlink("f", "l")) return;
  SAY(chmod("f", 0600));
  SAY(chmod("l", 0640));
  say_file("f");
  SAY(chmod("d", 0));
  say_file("d");
  SAY(chmod("none", 0));
  SAY(chmod("f/", 0600));
  SAY(chmod("f", 0200000));
  SAY(fchmodat(AT_FDCWD, "l", 0600, AT_SYMLINK_NOFOLLOW));
  int f = open("f", O_RDONLY);
  SAY(fchmod(f, 0644));
  say_file("f");
  int p = open("f", O_PATH);
  SAY(fchmod(p, 0600));
  SAY(fchmod(999, 0));
  SAY(chmod("../outside/public", 0644));
  SAY((int)syscall(452, AT_FDCWD, "l", 0600, AT_SYMLINK_NOFOLLOW));
  SAY((int)syscall(452, f, "", 0604, AT_EMPTY_PATH));
  say_file("f");
}
CASE(metadata, set_id_bits) {
  put("f", "x");
  SAY(chmod("f", 07777));
  say_file("f");
  SAY(chmod("f", 02755));
  say_file("f");
  mkdir("d", 0755);
  SAY(chmod("d", 04755));
  say_file("d");
}
CASE(metadata, owners_of_set_id_files) {
  put("f", "x");
  SAY(chmod("f", 06755));
  SAY(chown("f", 1239, (gid_t)-1));
  say_file("f");
}
CASE(metadata, owners) {
  put("f", "x");
  if (symlink("f", "l")) return;
  SAY(chown("f", 1234, 1235));
  say_file("f");
  SAY(lchown("l", 1236, 1237));
  say_file("l");
  SAY(chown("l", (uid_t)-1, 1238));
  say_file("f");
  int f = open("l", O_PATH | O_NOFOLLOW);
  SAY(fchownat(f, "", 1, 1, AT_EMPTY_PATH));
  SAY(fchown(f, 1, 1));
  SAY(chown("none", 0, 0));
  SAY(fchownat(AT_FDCWD, "f", 2, 2, 0x4000000));
  say_file("l");
}
CASE(metadata, times) {
  struct timespec t[2] = {{1000, 5}, {2000, 7}};
  struct stat s;
  put("f", "x");
  if (symlink("f", "l")) return;
  SAY(utimensat(AT_FDCWD, "f", t, 0));
  stat("f", &s);
  printf("%ld.%ld %ld.%ld\n", (long)s.st_atim.tv_sec, s.st_atim.tv_nsec, (long)s.st_mtim.tv_sec,
      s.st_mtim.tv_nsec);
  t[0].tv_nsec = UTIME_OMIT;
  t[1].tv_sec = 3000;
  SAY(utimensat(AT_FDCWD, "l", t, AT_SYMLINK_NOFOLLOW));
  lstat("l", &s);
  printf("%ld\n", (long)s.st_mtim.tv_sec);
  stat("f", &s);
  printf("%ld\n", (long)s.st_mtim.tv_sec);
  struct timeval v[2] = {{7, 8}, {9, 10}};
  SAY(utimes("f", v));
  stat("f", &s);
  printf("%ld %ld\n", (long)s.st_atim.tv_sec, s.st_mtim.tv_nsec);
  int f = open("f", O_RDONLY);
  SAY(futimens(f, t));
  SAY(utimensat(AT_FDCWD, "none", t, 0));
  t[0].tv_nsec = 2000000000;
  SAY(utimensat(AT_FDCWD, "f", t, 0));
  SAY(utimes("../outside/public", NULL) != 0 ? 0 : 0);
}
CASE(metadata, extended_attributes) {
  char text[64] = "";
  put("f", "x");
  if (symlink("f", "l")) return;
  SAY(setxattr("f", "user.a", "one", 3, 0));
  SAY(setxattr("f", "user.a", "two", 3, XATTR_CREATE));
  SAY(setxattr("f", "user.b", "two", 3, XATTR_REPLACE));
  SAY(getxattr("f", "user.a", text, sizeof text));
  puts(text);
  SAY(lsetxattr("l", "user.a", "x", 1, 0));
  int f = open("f", O_RDONLY);
  SAY(fsetxattr(f, "user.c", "", 0, 0));
  SAY(listxattr("f", NULL, 0));
  SAY(removexattr("l", "user.a"));
  SAY(removexattr("f", "user.a"));
  SAY(setxattr("f", "trusted.x", "1", 1, 0));
  SAY(setxattr("f", "nonsense", "1", 1, 0));
  static char big[1 << 20];
  SAY(setxattr("f", "user.big", big, sizeof big, 0));
  SAY(fremovexattr(f, "user.c"));
}
CASE(metadata, inode_flags) {
  int flags = 0;
  put("f", "x");
  int f = open("f", O_RDONLY);
  long got = syscall(SYS_ioctl, f, 0x80086601, &flags);
  printf("get %ld\n", got);
  if (got == 0) {
    flags |= 0x80;
    SAY((int)syscall(SYS_ioctl, f, 0x40086602, &flags));
    flags = 0;
    syscall(SYS_ioctl, f, 0x80086601, &flags);
    printf("noatime %d\n", (flags & 0x80) != 0);
  }
}
CASE(truncate, by_name) {
  put("f", "0123456789");
  if (symlink("f", "l")) return;
  mkdir("d", 0755);
  SAY(truncate("l", 4));
  say_content("f");
  SAY(truncate("f", 20));
  say_file("f");
  SAY(truncate("d", 0));
  SAY(truncate("none", 0));
  SAY(truncate("f", -1));
  chmod("f", 0444);
  SAY(truncate("f", 1));
  say_file("f");
}
CASE(unmediated, existence) {
  struct stat s;
  char text[64] = "";
  put("f", "x");
  SAY(access("f", R_OK | W_OK));
  SAY(access("none", F_OK));
  SAY(stat("../outside/private", &s));
  SAY(access("../outside/private", R_OK));
  SAY(stat("/root/.none", &s));
  SAY(readlink("/proc/self/cwd", text, 1));
  SAY(faccessat(AT_FDCWD, "f", X_OK, AT_EACCESS));
  SAY((int)syscall(439, AT_FDCWD, "f", R_OK, 0));
  struct {
    char room[256];
  } x;
  SAY((int)syscall(332, AT_FDCWD, "f", 0, 0x7ff, &x));
}
CASE(locks, of_files) {
  put("f", "x");
  int a = open("f", O_RDWR), b = open("f", O_RDWR);
  struct flock l = {.l_type = F_WRLCK};
  SAY((int)syscall(SYS_flock, a, 2 | 4));
  SAY((int)syscall(SYS_flock, b, 2 | 4));
  SAY(fcntl(a, F_SETLK, &l));
  IN_CHILD({ SAY(fcntl(b, F_SETLK, &l)); });
  SAY(fcntl(a, 1024, 0));
  SAY(fcntl(a, F_DUPFD_CLOEXEC, 50));
  SAY(fcntl(50, F_GETFD));
}
CASE(memory, memfd_and_maps) {
  int m = SAY_FD((int)syscall(SYS_memfd_create, "x", 1));
  SAY(ftruncate(m, 4096));
  printf("flags %o close-on-exec %d\n", fcntl(m, F_GETFL), fcntl(m, F_GETFD));
  int s = SAY_FD((int)syscall(SYS_memfd_create, "sealed", 2));
  SAY(fcntl(s, 1033, 8));
  SAY(write(s, "x", 1));
}
CASE(memory, executable_memfd) {
  say_open((int)syscall(SYS_memfd_create, "x", 1));
  int e = SAY_FD((int)syscall(SYS_memfd_create, "exec", 0x10));
  say_open(e);
}
