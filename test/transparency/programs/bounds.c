// Names and pointers at the bounds of what the kernel takes.
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <sys/xattr.h>

#include "transparent.h"

static char *volatile bad = (char *)16, *volatile null;
#define BAD bad
#define NOTHING null

CASE(bounds, pointers_that_lead_nowhere) {
  struct {
    unsigned short family;
    char path[108];
  } a = {1, "s"};
  put("f", "x");
  int f = open("f", O_RDWR), s = socket(AF_UNIX, SOCK_STREAM, 0);
  SAY(open(BAD, O_RDONLY));
  SAY(open(NOTHING, O_CREAT | O_RDWR, 0600));
  SAY(mkdir(BAD, 0755));
  SAY(rmdir(BAD));
  SAY(unlink(NOTHING));
  SAY(rename("f", BAD));
  SAY(rename(BAD, "f"));
  SAY(link("f", BAD));
  SAY(link(BAD, "g"));
  SAY(symlink(BAD, "l"));
  SAY(symlink("x", BAD));
  SAY(chmod(BAD, 0600));
  SAY(chown(BAD, -1, -1));
  SAY(truncate(BAD, 0));
  SAY(mknod(BAD, S_IFREG | 0600, 0));
  SAY(utimensat(AT_FDCWD, BAD, NULL, 0));
  SAY(utimensat(AT_FDCWD, "f", (void *)BAD, 0));
  SAY(futimens(f, (void *)BAD));
  SAY(utimes("f", (void *)BAD));
  SAY(setxattr("f", BAD, "x", 1, 0));
  SAY(setxattr("f", "user.x", BAD, 1, 0));
  SAY(removexattr(BAD, "user.x"));
  SAY(chdir(BAD));
  SAY(chroot(BAD));
  SAY(execve(BAD, plain, none));
  SAY(bind(s, (void *)BAD, 16));
  SAY(connect(s, (void *)BAD, 16));
  SAY(sendto(s, "x", 1, 0, (void *)BAD, 16));
  SAY(sendmsg(s, (void *)BAD, 0));
  SAY((int)syscall(SYS_sendmmsg, s, BAD, 1, 0));
  SAY(connect(s, (void *)&a, 0));
  SAY(connect(s, (void *)&a, -1));
  SAY(bind(s, (void *)&a, 129));
  SAY((int)syscall(SYS_memfd_create, BAD, 0));
}
// A string that ends on an unmapped page.
CASE(bounds, string_at_the_end_of_memory) {
  char *m = mmap(NULL, 8192, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  munmap(m + 4096, 4096);
  strcpy(m + 4096 - 5, "made");
  SAY(open(m + 4096 - 5, O_CREAT | O_WRONLY, 0600));
  memcpy(m + 4096 - 4, "made", 4);
  SAY(open(m + 4096 - 4, O_RDONLY));
  SAY(unlink(m + 4096 - 4));
  say_file("made");
}
static char *repeat(const char *part, size_t length) {
  char *text = malloc(length + 1);
  for (size_t i = 0; i < length; i++) text[i] = part[i % strlen(part)];
  text[length] = 0;
  return text;
}
CASE(bounds, long_names) {
  char *most = repeat("x", 255), *more = repeat("x", 256);
  SAY(mkdir(most, 0755));
  SAY(mkdir(more, 0755));
  SAY(symlink(most, "l"));
  SAY(rename(most, more));
  SAY(link("l", more));
  SAY(unlink(more));
  SAY(chmod(more, 0600));
  SAY(truncate(more, 0));
  SAY(open(more, O_CREAT | O_RDWR, 0600));
  SAY(open(more, O_RDONLY));
  SAY(open(more, O_PATH));
  char *deep = repeat("./", 4094), *deeper = repeat("./", 4096), *deepest = repeat("./", 5000);
  SAY_FD(open(deep, O_RDONLY));
  SAY_FD(open(deeper, O_RDONLY));
  SAY_FD(open(deepest, O_RDONLY));
  SAY(mkdir(deepest, 0700));
  SAY(rename(deepest, "x"));
  SAY(rename("l", deepest));
  SAY(symlink(repeat("y", 4095), "long"));
  SAY(symlink(repeat("y", 4096), "longer"));
  SAY(symlink("", "empty"));
  SAY_FD(open("long", O_RDONLY));
  SAY(chmod(deepest, 0600));
  SAY(execve(deepest, plain, none));
  SAY(truncate(deepest, 1));
}
// Deeper than a path can say: reached step by step.
CASE(bounds, deeper_than_a_path) {
  char *part = repeat("p", 200);
  for (int i = 0; i < 25; i++)
    if (mkdir(part, 0755) || chdir(part)) {
      say("step", -1);
      return;
    }
  char text[8192];
  SAY(getcwd(text, sizeof text) == NULL);
  SAY_FD(open("..", O_RDONLY | O_DIRECTORY));
  for (int i = 0; i < 25; i++)
    if (chdir("..") || rmdir(part)) {
      say("back", -1);
      return;
    }
}

// A call whose walk follows as many links as the kernel allows, or one less. Where the kernel
// begins a walk anew, because a name near it changed (ECHILD), what it had followed before still
// counts (fs/namei.c: only set_nameidata() sets total_link_count), and the call may end with ELOOP.
enum { TRIES_MAX = 100 };
#define FOLLOWED(call)                                                   \
  ({                                                                     \
    long result = (call);                                                \
    for (int i = 1; i < TRIES_MAX && result < 0 && errno == ELOOP; i++) \
      result = (call);                                                   \
    result;                                                              \
  })

CASE(bounds, links_upon_links) {
  put("l0", "end");
  for (int i = 1; i <= 42; i++) {
    char name[8], to[8];
    snprintf(name, sizeof name, "l%d", i);
    snprintf(to, sizeof to, "l%d", i - 1);
    if (symlink(to, name)) return;
  }
  SAY_FD(FOLLOWED(open("l39", O_RDONLY)));
  SAY_FD(FOLLOWED(open("l40", O_RDONLY)));
  SAY_FD(open("l41", O_RDONLY));
  SAY_FD(FOLLOWED(open("l40", O_RDWR | O_CREAT, 0600)));
  SAY_FD(open("l41", O_RDWR | O_CREAT, 0600));
  SAY(FOLLOWED(chmod("l40", 0600)));
  SAY(chmod("l41", 0600));
  SAY(truncate("l41", 0));
  SAY(unlink("l42"));
  SAY(execve("l41", plain, none));
  mkdir("d", 0755);
  if (symlink("d", "e") || symlink("e/x", "f") || symlink("l0", "d/x") || symlink("../l0", "d/y"))
    return;
  SAY_FD(open("f", O_RDONLY));
  SAY_FD(open("e/y", O_RDONLY));
  SAY_FD(open("e/../e/../e/../l0", O_RDONLY));
}
CASE(bounds, slashes_and_dots) {
  put("f", "x");
  mkdir("d", 0755);
  if (symlink("d", "l") || symlink("f", "g") || symlink("d/", "s") || symlink("f/", "t")) return;
  const char *const names[] = {
      "f/", "f//", "f/.", "f/..", "d//", "d/.", "d/..", "d/./", "l/", "l/.", "g/", "s", "s/", "t",
      "t/", "x/", "x/.", "./", "..", "../.", "//", "/.", "/..", "d/x/", ".//f", "", "././",
      "d/../f",
  };
  for (unsigned i = 0; i < sizeof names / sizeof *names; i++) {
    const char *n = names[i];
    printf("<%s>\n", n);
    SAY_FD(open(n, O_RDONLY));
    SAY_FD(open(n, O_RDWR | O_CREAT, 0600));
    SAY_FD(open(n, O_PATH | O_NOFOLLOW));
    SAY(mkdir(n, 0755));
    SAY(symlink("q", n));
    SAY(link("f", n));
    SAY(mknod(n, S_IFREG | 0600, 0));
    SAY(truncate(n, 1));
    SAY(strchr(n, 'd') || n[0] == 'f' ? chmod(n, 0755) : 0);
    SAY(n[0] == 'x' ? rename("d", n) : 0);
    SAY(n[0] == 'x' ? rename(n, "d") : 0);
    SAY(n[0] == 'g' || n[0] == 'x' ? rename("f", n) : 0);
    SAY(n[0] == 'l' ? rmdir(n) : 0);
    SAY(n[0] == 'g' || n[0] == 't' ? unlink(n) : 0);
  }
  say_file("f");
  say_file("d");
}
CASE(bounds, flags_that_nobody_knows) {
  put("f", "x");
  int f = open("f", O_RDONLY);
  SAY(unlinkat(AT_FDCWD, "none", 1));
  SAY(linkat(AT_FDCWD, "f", AT_FDCWD, "g", 1));
  SAY(linkat(f, "", AT_FDCWD, "h", AT_EMPTY_PATH));
  SAY(renameat2(AT_FDCWD, "none", AT_FDCWD, "g", 8));
  SAY(renameat2(AT_FDCWD, "f", AT_FDCWD, "g", 3));
  SAY(fchownat(AT_FDCWD, "f", -1, -1, 1));
  SAY(fchownat(f, "", -1, -1, AT_EMPTY_PATH));
  SAY(utimensat(AT_FDCWD, "f", NULL, 1));
  SAY((int)syscall(452, AT_FDCWD, "f", 0600, 1));
  SAY(mkdir("d", 0xffff));
  say_file("d");
  SAY_FD(open("f", O_RDONLY | 0x40000000));
  SAY_FD(open("f", -1));
  SAY_FD(open("new", O_CREAT | O_RDWR, 0xffff0000));
  say_file("new");
  SAY((int)syscall(SYS_memfd_create, "x", 0x4000));
  SAY((int)syscall(SYS_execveat, AT_FDCWD, "f", plain, none, 1));
}
