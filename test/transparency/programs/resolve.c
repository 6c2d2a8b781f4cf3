// openat2 with every way to restrict where a path may lead, and with arguments that it takes for
// mistakes.
#include "transparent.h"

static const char *const paths[] = {
    "d/f", "/usr/bin/env", "d/../d/f", "..", "../outside/public", "d/up/f", "d/abs", "link",
    "d/link",
    "dangling", "loop", "d/..", "d/../..", "/", ".", "", "absent", "d/absent", "/proc/self/status",
    "/proc/self/fd/0", "/proc/self/cwd/d/f", "/dev/null", "d/self", "d/f/", "d/", "folder-link/f",
    "folder-link", "d/out/public",
};
static const struct {
  const char *name;
  uint64_t bits;
} ways[] = {
    {"none", 0},       {"no-xdev", 1},         {"no-magiclinks", 2},     {"no-symlinks", 4},
    {"beneath", 8},    {"in-root", 0x10},      {"beneath-no-xdev", 9},   {"in-root-no-sym", 0x14},
    {"both", 0x18},    {"unknown", 0x40},
};
enum { PATHS = sizeof paths / sizeof *paths, WAYS = sizeof ways / sizeof *ways };

struct how {
  uint64_t flags, mode, resolve;
};

static int open2(int d, const char *path, uint64_t flags, uint64_t mode, uint64_t resolve) {
  struct how how = {flags, mode, resolve};
  int result = -1;
  // EAGAIN: something was renamed anywhere on the host meanwhile, openat2(2).
  for (int tries = 0; tries < 1000; tries++) {
    result = (int)syscall(SYS_openat2, d, path, &how, sizeof how);
    if (result >= 0 || errno != EAGAIN) break;
  }
  return result;
}

static void prepare(void) {
  mkdir("d", 0755);
  put("d/f", "inner");
  put("f", "outer");
  if (symlink("d/f", "link") || symlink("f", "d/link") || symlink("nowhere", "dangling") ||
      symlink("loop", "loop") || symlink("..", "d/up") || symlink("/f", "d/abs") ||
      symlink("/proc/self/cwd", "d/self") ||
      symlink("d", "folder-link") || symlink("../../outside", "d/out"))
    perror("prepare");
}

static void body(long way) {
  prepare();
  int here = open(".", O_PATH | O_DIRECTORY), d = open("d", O_RDONLY | O_DIRECTORY);
  for (int p = 0; p < PATHS; p++) {
    printf("%s: ", paths[p]);
    int f = open2(here, paths[p], O_RDONLY | O_NONBLOCK, 0, ways[way].bits);
    say_descriptor("from here", f);
    say_open(f);
    if (f >= 0) close(f);
    f = open2(d, paths[p], O_RDONLY | O_NONBLOCK | O_NOFOLLOW, 0, ways[way].bits);
    say_descriptor("from d, the name", f);
    if (f >= 0) close(f);
  }
  int f = open2(d, "made", O_RDWR | O_CREAT | O_CLOEXEC, 0640, ways[way].bits);
  say_descriptor("made", f);
  say_open(f);
  say_descriptor("made above", open2(d, "../above", O_RDWR | O_CREAT, 0600, ways[way].bits));
  f = open2(d, "/at-the-root/x", O_RDWR | O_CREAT, 0600, ways[way].bits);
  say_descriptor("made at the root", f);
  say_descriptor("through a link", open2(d, "up/behind", O_RDWR | O_CREAT, 0600, ways[way].bits));
  say_descriptor("nameless", open2(d, ".", O_RDWR | O_TMPFILE, 0600, ways[way].bits));
  say_file("d/made");
  say_file("above");
  say_file("d/above");
  say_file("behind");
}
__attribute__((constructor)) static void add(void) {
  for (int w = 0; w < WAYS; w++) {
    char name[64];
    snprintf(name, sizeof name, "resolve/%s", ways[w].name);
    add_case(name, body, w);
  }
}
CASE(resolve, mistakes) {
  prepare();
  struct {
    struct how how;
    uint64_t more[2];
  } longer = {{O_RDONLY, 0, 0}, {0, 0}};
  SAY_FD((int)syscall(SYS_openat2, AT_FDCWD, "f", &longer, sizeof longer));
  longer.more[1] = 1;
  SAY_FD((int)syscall(SYS_openat2, AT_FDCWD, "f", &longer, sizeof longer));
  SAY_FD((int)syscall(SYS_openat2, AT_FDCWD, "f", &longer, 23));
  SAY_FD((int)syscall(SYS_openat2, AT_FDCWD, "f", &longer, 5000));
  SAY_FD((int)syscall(SYS_openat2, AT_FDCWD, "f", NULL, 24));
  SAY_FD((int)syscall(SYS_openat2, AT_FDCWD, NULL, &longer, 24));
  SAY_FD(open2(AT_FDCWD, "f", O_RDONLY, 0644, 0));
  SAY_FD(open2(AT_FDCWD, "f", O_CREAT | O_RDONLY, 010000, 0));
  SAY_FD(open2(AT_FDCWD, "f", O_PATH | O_RDWR, 0, 0));
  SAY_FD(open2(AT_FDCWD, "d", O_TMPFILE, 0600, 0));
  SAY_FD(open2(AT_FDCWD, "d", O_TMPFILE & ~O_DIRECTORY, 0600, 0));
  SAY_FD(open2(AT_FDCWD, "d", O_TMPFILE | O_RDWR | O_CREAT, 0600, 0));
  SAY_FD(open2(AT_FDCWD, "g", O_CREAT | O_DIRECTORY | O_RDWR, 0600, 0));
  SAY_FD(open2(AT_FDCWD, "f", 040, 0, 0));
  SAY_FD(open2(AT_FDCWD, "f", O_CREAT | O_RDWR, 0600, 0x20));
  SAY_FD(open2(99, "f", O_RDONLY, 0, 0));
  SAY_FD(open2(99, "/dev/null", O_RDONLY, 0, 0));
  SAY_FD(open2(99, "/dev/null", O_RDONLY, 0, 0x10));
  SAY_FD(open2(99, "/dev/null", O_RDONLY, 0, 8));
}
CASE(resolve, name_alone) {
  prepare();
  SAY_FD(open2(AT_FDCWD, "f", O_PATH | O_CLOEXEC | O_NOFOLLOW, 0, 0));
  SAY_FD(open2(AT_FDCWD, "link", O_PATH, 0, 4));
}
