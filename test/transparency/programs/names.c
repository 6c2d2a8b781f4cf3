// Making, moving, linking, removing names.
#include <sys/sysmacros.h>
#include <dirent.h>

#include "transparent.h"

static void say_folder(const char *path) {
  struct dirent **entries;
  int n = scandir(path, &entries, NULL, alphasort);
  if (n < 0) {
    say(path, -1);
    return;
  }
  printf("%s:", path);
  for (int i = 0; i < n; i++) printf(" %s", entries[i]->d_name);
  printf("\n");
}
CASE(make, folders) {
  SAY(mkdir("a", 0777));
  say_file("a");
  SAY(mkdir("a", 0755));
  SAY(mkdir("a/b/c", 0755));
  SAY(mkdir("a/b/", 01777));
  say_file("a/b");
  SAY(mkdir("a/.", 0755));
  SAY(mkdir("a/..", 0755));
  SAY(mkdir("", 0755));
  SAY(mkdir("/", 0755));
  put("f", "");
  SAY(mkdir("f/x", 0755));
  SAY(mkdir("f", 0755));
  SAY(symlink("nowhere", "l"));
  SAY(mkdir("l", 0755));
  SAY(mkdir("l/", 0755));
  SAY(rmdir("a"));
  SAY(rmdir("a/b/"));
  SAY(rmdir("a/."));
  SAY(rmdir("a"));
  SAY(rmdir("f"));
  SAY(rmdir("l"));
  say_folder(".");
}
CASE(make, modes_and_umask) {
  for (int mask = 0; mask <= 077; mask += 027) {
    char name[32];
    umask((mode_t)mask);
    printf("umask %o\n", mask);
    snprintf(name, sizeof name, "d%o", mask);
    SAY(mkdir(name, 02777));
    say_file(name);
    snprintf(name, sizeof name, "f%o", mask);
    int f = open(name, O_CREAT | O_WRONLY, 0666);
    close(f);
    say_file(name);
    snprintf(name, sizeof name, "p%o", mask);
    SAY(mkfifo(name, 0666));
    say_file(name);
  }
}
CASE(make, set_id_files) {
  for (int mask = 0; mask <= 077; mask += 027) {
    char name[32];
    umask((mode_t)mask);
    snprintf(name, sizeof name, "s%o", mask);
    SAY_FD(open(name, O_CREAT | O_WRONLY, 06755));
    say_file(name);
  }
  SAY(mknod("n", S_IFREG | 04755, 0));
  say_file("n");
}
CASE(make, group_of_the_folder) {
  SAY(mkdir("g", 0755));
  SAY(chown("g", (uid_t)-1, 4242));
  SAY(chmod("g", 02775));
  SAY(mkdir("g/d", 0755));
  int f = open("g/f", O_CREAT | O_WRONLY, 0644);
  close(f);
  say_file("g");
  say_file("g/d");
  say_file("g/f");
}
CASE(make, nodes) {
  SAY(mknod("r", S_IFREG | 0640, 0));
  say_file("r");
  SAY(mknod("z", 0600, 0));
  say_file("z");
  SAY(mknod("p", S_IFIFO | 0600, 0));
  say_file("p");
  SAY(mknod("s", S_IFSOCK | 0600, 0));
  say_file("s");
  SAY(mknod("d", S_IFDIR | 0700, 0));
  SAY(mknod("r", S_IFREG, 0));
}
CASE(make, device_nodes) {
  SAY(mknod("c", S_IFCHR | 0600, makedev(1, 3)));
  say_file("c");
  SAY(mknod("w", S_IFCHR, 0));
  say_file("w");
  SAY(mknod("b", S_IFBLK | 0600, makedev(7, 99)));
}
CASE(make, symbolic_links) {
  char text[64] = "";
  SAY(symlink("target", "l"));
  say_file("l");
  SAY(readlink("l", text, sizeof text));
  puts(text);
  SAY(symlink("x", "l"));
  SAY(symlink("", "e"));
  SAY(symlink("x", "none/l"));
  SAY(symlink("x", ""));
  SAY(symlink("../outside/public", "p"));
  say_content("l");
  SAY(symlink("x", "t/"));
}
CASE(link, hard) {
  put("f", "text");
  mkdir("d", 0755);
  symlink("f", "l") == 0 ? 0 : puts("?");
  SAY(link("f", "g"));
  say_file("g");
  SAY(link("f", "g"));
  SAY(link("d", "e"));
  SAY(link("none", "x"));
  SAY(link("f", "d/f"));
  SAY(link("f", "none/f"));
  SAY(link("l", "m"));
  say_file("m");
  SAY(linkat(AT_FDCWD, "l", AT_FDCWD, "n", AT_SYMLINK_FOLLOW));
  say_file("n");
  SAY(link("f", "f/"));
  SAY(unlink("f"));
  say_content("g");
  SAY(link("../outside/public", "stolen"));
}
CASE(rename, every_pair) {
  const char *kinds[] =
      {"file", "other", "folder", "full", "link", "absent", "folder/", "file/", "folder/sub", "."};
  for (unsigned a = 0; a < sizeof kinds / sizeof *kinds; a++)
    for (unsigned b = 0; b < sizeof kinds / sizeof *kinds; b++) {
      char place[16];
      snprintf(place, sizeof place, "%u-%u", a, b);
      mkdir(place, 0755);
      if (chdir(place)) return;
      put("file", "file");
      put("other", "other");
      mkdir("folder", 0755);
      mkdir("full", 0755);
      put("full/x", "");
      if (symlink("file", "link")) return;
      printf("%s -> %s: ", kinds[a], kinds[b]);
      SAY(rename(kinds[a], kinds[b]));
      say_folder(".");
      say_content("other");
      if (chdir("..")) return;
    }
}
CASE(rename, with_flags) {
  put("a", "a");
  put("b", "b");
  mkdir("d", 0755);
  SAY(renameat2(AT_FDCWD, "a", AT_FDCWD, "b", RENAME_NOREPLACE));
  SAY(renameat2(AT_FDCWD, "a", AT_FDCWD, "c", RENAME_NOREPLACE));
  say_folder(".");
  SAY(renameat2(AT_FDCWD, "c", AT_FDCWD, "b", RENAME_EXCHANGE));
  say_content("c");
  SAY(renameat2(AT_FDCWD, "c", AT_FDCWD, "d", RENAME_EXCHANGE));
  say_folder("c");
  SAY(renameat2(AT_FDCWD, "b", AT_FDCWD, "none", RENAME_EXCHANGE));
  SAY(renameat2(AT_FDCWD, "b", AT_FDCWD, "d", RENAME_EXCHANGE | RENAME_NOREPLACE));
  SAY(renameat2(AT_FDCWD, "b", AT_FDCWD, "q", 64));
}
CASE(rename, through_folders) {
  mkdir("a", 0755);
  mkdir("b", 0755);
  put("a/f", "text");
  int a = open("a", O_RDONLY | O_DIRECTORY), b = open("b", O_PATH);
  SAY(renameat(a, "f", b, "g"));
  say_content("b/g");
  SAY(renameat(b, "g", a, "../top"));
  say_content("top");
  SAY(renameat(999, "x", b, "y"));
  SAY(rename("a", "a/inside"));
  SAY(rename("a", "b"));
  say_folder(".");
}
CASE(remove, everything) {
  put("f", "x");
  mkdir("d", 0755);
  put("d/x", "");
  if (symlink("f", "l")) return;
  SAY(unlink("d"));
  SAY(rmdir("d"));
  SAY(unlink("l"));
  say_file("f");
  SAY(unlink("f/"));
  SAY(unlink("none"));
  SAY(unlink(""));
  SAY(unlinkat(AT_FDCWD, "d", AT_REMOVEDIR));
  SAY(unlink("d/x"));
  SAY(unlinkat(AT_FDCWD, "d", AT_REMOVEDIR));
  SAY(unlinkat(AT_FDCWD, "f", 0x40000000));
  SAY(unlink("f"));
  SAY(unlink("."));
  SAY(rmdir(".."));
  SAY(remove("f"));
  say_folder(".");
}
CASE(remove, while_it_is_open) {
  put("f", "text");
  int f = open("f", O_RDWR);
  char text[8] = "";
  SAY(unlink("f"));
  SAY(pread(f, text, 4, 0));
  puts(text);
  say_open(f);
  SAY(fchmod(f, 0600));
  SAY(ftruncate(f, 1));
  say_file("f");
}
CASE(remove, in_a_sticky_folder) {
  mkdir("t", 01777);
  chmod("t", 01777);
  put("t/mine", "");
  SAY(unlink("t/mine"));
  put("t/other", "");
  SAY(chown("t/other", 4242, 4242));
  SAY(chown("t", 4242, 4242));
  IN_CHILD({
    if (geteuid() == 0) {
      SAY(setresuid(65534, 65534, 65534));
    }
    SAY(unlink("t/other"));
    SAY(rename("t/other", "t/x"));
    SAY_FD(open("t/other", O_RDWR | O_CREAT, 0644));
  });
}
CASE(folder, working_folder) {
  mkdir("d", 0755);
  mkdir("d/e", 0755);
  put("d/f", "x");
  SAY(chdir("d"));
  SAY_FD(open("f", O_RDONLY));
  SAY_FD(open("../d/f", O_RDONLY));
  int d = open("e", O_RDONLY);
  SAY(fchdir(d));
  SAY_FD(open("../f", O_RDWR));
  SAY_FD(open("new", O_CREAT | O_WRONLY, 0644));
  SAY(chdir("none"));
  SAY(chdir("../f"));
  SAY(rmdir("."));
  SAY(rmdir("../e"));
  SAY(unlink("new"));
  SAY(rmdir("../e"));
  SAY_FD(open("late", O_CREAT | O_WRONLY, 0644));
  SAY_FD(open("..", O_RDONLY));
}
CASE(folder, other_root) {
  mkdir("jail", 0755);
  mkdir("jail/in", 0755);
  put("jail/in/f", "jailed");
  put("f", "outside");
  if (symlink("/in/f", "jail/abs") || symlink("../../../f", "jail/up")) return;
  IN_CHILD({
    if (SAY(chroot("jail")) == 0) {
      SAY(chdir("/"));
      say_content("/in/f");
      say_content("/abs");
      say_content("/up");
      say_content("../../in/f");
      SAY_FD(open("/made", O_CREAT | O_WRONLY, 0644));
      SAY(rename("/made", "/in/moved"));
      SAY(mkdir("/../d", 0700));
      SAY_FD(open("/proc/self/status", O_RDONLY));
      SAY_FD(open("../outside/public", O_RDONLY));
    }
  });
  say_folder("jail");
  say_folder("jail/in");
}
CASE(folder, listing) {
  for (int i = 0; i < 40; i++) {
    char n[8];
    snprintf(n, sizeof n, "n%02d", i);
    put(n, "");
  }
  say_folder(".");
  int d = open(".", O_RDONLY | O_DIRECTORY);
  char b[4096];
  printf("some %d\n", syscall(SYS_getdents64, d, b, sizeof b) > 0);
  SAY_FD(open("/root", O_RDONLY | O_DIRECTORY));
}
