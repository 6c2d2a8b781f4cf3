// Directories that move, go, or become the root while something is done below them.
#include <dirent.h>
#include <pthread.h>
#include <sys/socket.h>
#include <sys/un.h>

#include "transparent.h"

CASE(places, removed_folder) {
  mkdir("d", 0755);
  put("d/f", "x");
  int d = open("d", O_RDONLY | O_DIRECTORY), p = open("d", O_PATH), f = open("d/f", O_RDONLY);
  unlink("d/f");
  SAY(rmdir("d"));
  SAY_FD(openat(d, ".", O_RDONLY));
  SAY_FD(openat(p, ".", O_RDONLY));
  SAY_FD(openat(d, ".", O_PATH));
  SAY_FD(openat(d, "f", O_RDONLY));
  SAY_FD(openat(d, "..", O_RDONLY));
  SAY_FD(openat(d, "../x", O_CREAT | O_RDWR, 0600));
  SAY_FD(openat(d, "x", O_CREAT | O_RDWR, 0600));
  SAY(mkdirat(d, "x", 0755));
  SAY(symlinkat("x", d, "l"));
  SAY(mknodat(d, "n", S_IFREG | 0600, 0));
  SAY(unlinkat(d, "f", 0));
  SAY(linkat(AT_FDCWD, "x", d, "y", 0));
  SAY(renameat(AT_FDCWD, "x", d, "y"));
  SAY(renameat(d, "x", AT_FDCWD, "y"));
  SAY(fchmodat(d, "f", 0600, 0));
  SAY(fchmodat(d, ".", 0700, 0));
  SAY(fchmod(d, 0755));
  SAY(fchownat(d, "", -1, -1, AT_EMPTY_PATH));
  SAY(fchmod(f, 0600));
  SAY(ftruncate(f, 0));
  say_open(f);
  SAY(fchdir(d));
  SAY_FD(open("x", O_CREAT | O_RDWR, 0600));
  SAY_FD(open(".", O_RDONLY));
  SAY(mkdir("y", 0755));
}
CASE(places, renamed_folder) {
  mkdir("a", 0755);
  mkdir("a/b", 0755);
  mkdir("c", 0755);
  int b = open("a/b", O_PATH);
  SAY(rename("a", "c/a"));
  SAY_FD(openat(b, "f", O_CREAT | O_RDWR, 0600));
  say_file("c/a/b/f");
  SAY(mkdirat(b, "../up", 0755));
  say_file("c/a/up");
  SAY(chdir("c/a/b"));
  SAY(rename("../../../c", "../../../z"));
  SAY_FD(open("g", O_CREAT | O_RDWR, 0600));
  SAY_FD(open("../../a/b/g", O_RDONLY));
  char text[4096];
  SAY(getcwd(text, sizeof text) != NULL);
  puts(strstr(text, "/z/") != NULL ? strstr(text, "/z/") : "?");
}
CASE(places, exchanged_while_it_is_walked) {
  mkdir("a", 0755);
  mkdir("b", 0755);
  put("a/f", "a");
  put("b/f", "b");
  fflush(stdout);
  pid_t c = fork();
  if (c == 0) {
    for (int i = 0; i < 300; i++)
      syscall(SYS_renameat2, AT_FDCWD, "a", AT_FDCWD, "b", RENAME_EXCHANGE);
    _exit(0);
  }
  int bad = 0;
  for (int i = 0; i < 300; i++) {
    int f = open("a/f", O_RDWR);
    char t = 0;
    if (f < 0 || read(f, &t, 1) != 1 || (t != 'a' && t != 'b')) bad++;
    if (f >= 0) close(f);
  }
  say_end("child", c);
  printf("%d bad\n", bad);
}
CASE(places, root_of_its_own) {
  mkdir("jail", 0755);
  mkdir("jail/d", 0755);
  put("jail/d/f", "jailed");
  put("f", "free");
  if (symlink("/d/f", "jail/abs") || symlink("../../../../f", "jail/up")
      || symlink("/", "jail/root")) return;
  int out = open(".", O_PATH);
  IN_CHILD({
    if (SAY(chroot("jail")) != 0) _exit(0);
    SAY(chdir("/d"));
    say_content("../../../d/f");
    say_content("/abs");
    say_content("/up");
    say_content("/root/d/f");
    SAY_FD(open("/made", O_CREAT | O_RDWR, 0640));
    SAY(symlink("/d", "/link"));
    SAY(mkdir("/link/x", 0750));
    SAY(rename("/made", "/link/moved"));
    SAY(link("/d/f", "/g"));
    SAY(chmod("/g", 0600));
    SAY(truncate("/up", 1));
    SAY(truncate("/abs", 3));
    SAY(unlink("/g"));
    SAY_FD(openat(out, "f", O_RDONLY));
    SAY_FD(openat(out, "jail/../f", O_RDONLY));
    struct sockaddr_un a = {.sun_family = AF_UNIX, .sun_path = "/d/s"};
    int l = socket(AF_UNIX, SOCK_STREAM, 0);
    int k = socket(AF_UNIX, SOCK_STREAM, 0);
    SAY(bind(l, (void *)&a, sizeof a));
    SAY(listen(l, 1));
    SAY(connect(k, (void *)&a, sizeof a));
    SAY_FD(open("/proc/self/status", O_RDONLY));
    SAY(execve("/bin/true", plain, none));
    SAY(chroot("d"));
    SAY(chdir("/"));
    say_content("/f");
    SAY_FD(open("/..", O_RDONLY));
  });
  say_file("jail/d/moved");
  say_file("jail/d/x");
  say_file("jail/d/s");
  say_content("jail/d/f");
  say_content("f");
}
static void *in_jail(void *unused) {
  (void)unused;
  SAY(unshare(CLONE_FS));
  SAY(chroot("jail"));
  say_content("/f");
  return NULL;
}
CASE(places, root_of_one_thread) {
  mkdir("jail", 0755);
  put("jail/f", "jailed");
  char here[4096];
  pthread_t t;
  pthread_create(&t, NULL, in_jail, NULL);
  pthread_join(t, NULL);
  SAY(getcwd(here, sizeof here) != NULL);
  strcat(here, "/jail/f");
  SAY_FD(open(here, O_RDWR));
}
CASE(places, sticky_and_group_folders) {
  mkdir("t", 0777);
  SAY(chmod("t", 03777));
  put("t/mine", "x");
  say_file("t/mine");
  SAY(mkdir("t/sub", 0755));
  say_file("t/sub");
  SAY(rename("t/mine", "t/yours"));
  if (symlink("yours", "t/l")) return;
  SAY_FD(open("t/l", O_RDWR));
  SAY_FD(open("t/yours", O_RDWR | O_CREAT, 0600));
  SAY(chmod("t/sub", 02700));
  say_file("t/sub");
}
