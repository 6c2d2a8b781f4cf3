// Every kind of name, opened in every way.
#include <signal.h>
#include <sys/socket.h>
#include <sys/un.h>

#include "transparent.h"

static const struct {
  const char *name;
  int flags;
} ways[] = {
    {"read", O_RDONLY},
    {"write", O_WRONLY},
    {"both", O_RDWR},
    {"create", O_WRONLY | O_CREAT},
    {"exclusive", O_RDWR | O_CREAT | O_EXCL},
    {"truncate", O_WRONLY | O_TRUNC},
    {"create-truncate", O_RDWR | O_CREAT | O_TRUNC},
    {"append", O_WRONLY | O_APPEND},
    {"create-append", O_RDWR | O_CREAT | O_APPEND},
    {"nofollow", O_RDONLY | O_NOFOLLOW},
    {"create-nofollow", O_RDWR | O_CREAT | O_NOFOLLOW},
    {"directory", O_RDONLY | O_DIRECTORY},
    {"path", O_PATH},
    {"path-nofollow", O_PATH | O_NOFOLLOW},
    {"path-directory", O_PATH | O_DIRECTORY},
    {"cloexec", O_RDONLY | O_CLOEXEC},
    {"create-cloexec", O_RDWR | O_CREAT | O_CLOEXEC},
    {"nonblock", O_RDONLY | O_NONBLOCK},
    {"sync", O_WRONLY | O_SYNC},
    {"temporary", O_RDWR | O_TMPFILE},
    {"temporary-exclusive", O_RDWR | O_TMPFILE | O_EXCL},
    {"noatime", O_RDONLY | O_NOATIME},
    {"nothing", O_ACCMODE},
    {"create-directory", O_RDWR | O_CREAT | O_DIRECTORY},
    {"truncate-read", O_RDONLY | O_TRUNC},
};
static const char *const names[] = {
    "file",
    "absent",
    "folder",
    "folder/",
    "file/",
    "absent/",
    "link",
    "dangling",
    "link/",
    "folder-link",
    "folder-link/",
    "loop",
    "socket",
    "fifo",
    "readonly",
    "secret",
    "file/below",
    "absent/below",
    "folder/../file",
    "./file",
    "folder/.",
    "..",
    "",
    ".",
    "hard",
    "/dev/null",
    "/dev/zero",
    "/dev/full",
    "/proc/self/status",
    "/proc/self/comm",
    "/proc/thread-self/comm",
    "/proc/self/fd/0",
    "/dev/fd/0",
    "/dev/stdin",
    "/proc/self/exe",
    "/proc/self/cwd/file",
    "/proc/self/cwd/../outside/public",
    "../outside/public",
    "../outside/private",
    "/dev/tty",
    "/dev/urandom",
};
enum { WAYS = sizeof ways / sizeof *ways, NAMES = sizeof names / sizeof *names };

static void prepare(void) {
  put("file", "content");
  put("readonly", "look");
  put("secret", "none");
  chmod("readonly", 0444);
  chmod("secret", 0);
  mkdir("folder", 0755);
  put("folder/inner", "deep");
  if (symlink("file", "link") || symlink("nowhere", "dangling") ||
      symlink("folder", "folder-link") || symlink("loop", "loop") || link("file", "hard"))
    perror("prepare");
  mkfifo("fifo", 0644);
  struct sockaddr_un a = {.sun_family = AF_UNIX, .sun_path = "socket"};
  int s = socket(AF_UNIX, SOCK_STREAM, 0);
  if (bind(s, (void *)&a, sizeof a)) perror("bind");
  close(s);
}

static void body(long which) {
  const char *name = names[which / WAYS];
  int flags = ways[which % WAYS].flags;
  // Opening a pipe's or the terminal's end may wait for ever: that is another case.
  if (strcmp(name, "fifo") == 0 && !(flags & O_PATH)) flags |= O_NONBLOCK;
  prepare();
  int f = open(name, flags, 0640);
  say_descriptor("open", f);
  say_open(f);
  if (f >= 0 && !(flags & O_PATH) && strncmp(name, "/dev", 4) != 0 &&
      strncmp(name, "/proc", 5) != 0 && strncmp(name, "/etc", 4) != 0) {
    if ((flags & O_ACCMODE) != O_RDONLY && (flags & O_ACCMODE) != O_ACCMODE)
      say("write", write(f, "xy", 2));
    char text[64];
    if ((flags & O_ACCMODE) != O_WRONLY) say("read", pread(f, text, sizeof text, 0));
    say("truncate", ftruncate(f, 3));
    // The folder above is world-writable.
    if (strcmp(name, "..") != 0) say("mode", fchmod(f, 0600));
  }
  if (f >= 0) close(f);
  say_file("file");
  say_file("absent");
  say_file("nowhere");
  say_content("file");
}

__attribute__((constructor)) static void add(void) {
  for (int n = 0; n < NAMES; n++)
    for (int w = 0; w < WAYS; w++) {
      char name[96], spelled[48];
      snprintf(spelled, sizeof spelled, "%s", names[n][0] ? names[n] : "(empty)");
      snprintf(name, sizeof name, "open/%s %s", spelled, ways[w].name);
      // Each turn has a third of the ways for every name, and of the names for every way.
      add_product_case(name, body, (long)n * WAYS + w, n + w);
    }
}

CASE(openat, through_a_folder) {
  prepare();
  int d = open("folder", O_RDONLY | O_DIRECTORY), p = open("folder", O_PATH);
  SAY_FD(openat(d, "inner", O_RDONLY));
  SAY_FD(openat(p, "inner", O_RDONLY));
  SAY_FD(openat(d, "../file", O_RDWR));
  SAY_FD(openat(d, "new", O_RDWR | O_CREAT, 0600));
  say_file("folder/new");
  SAY_FD(openat(d, "../outside/public", O_RDONLY));
  SAY_FD(openat(999, "inner", O_RDONLY));
  SAY_FD(openat(999, "/dev/null", O_RDONLY));
  int f = open("file", O_RDONLY);
  SAY_FD(openat(f, "inner", O_RDONLY));
  SAY_FD(openat(f, "", O_RDONLY));
  SAY_FD(openat(d, "", O_RDONLY));
  SAY_FD(openat(-100, "file", O_RDONLY));
  SAY_FD(openat(-5, "file", O_RDONLY));
}
CASE(openat, after_the_folder_moved) {
  prepare();
  int d = open("folder", O_RDONLY | O_DIRECTORY);
  SAY(rename("folder", "moved"));
  SAY_FD(openat(d, "inner", O_RDONLY));
  SAY_FD(openat(d, "made", O_CREAT | O_WRONLY, 0644));
  say_file("moved/made");
  unlink("moved/inner");
  unlink("moved/made");
  SAY(rmdir("moved"));
  SAY_FD(openat(d, "made", O_CREAT | O_WRONLY, 0644));
  SAY_FD(openat(d, ".", O_RDONLY));
}
CASE(openat, openat2_forms) {
  prepare();
  struct {
    uint64_t flags, mode, resolve;
  } how = {O_RDONLY, 0, 0};
#define HOW(f, m, r) \
  (how.flags = (f), how.mode = (m), how.resolve = (r), \
   (int)syscall(SYS_openat2, AT_FDCWD, "link", &how, sizeof how))
  SAY_FD(HOW(O_RDONLY, 0, 0));
  SAY_FD(HOW(O_RDONLY, 0, 4));
  SAY_FD(HOW(O_RDONLY, 0, 8));
  SAY_FD(HOW(O_RDWR | O_CREAT, 0644, 0));
  SAY_FD(HOW(O_RDONLY, 0644, 0));
  SAY_FD(HOW(1ull << 40, 0, 0));
  SAY_FD(HOW(O_RDONLY, 0, 0x10));
  SAY_FD((int)syscall(SYS_openat2, AT_FDCWD, "file", &how, 8));
  SAY_FD((int)syscall(SYS_openat2, AT_FDCWD, "file", (void *)8, sizeof how));
}
CASE(openat, bad_memory) {
  SAY_FD((int)syscall(SYS_openat, AT_FDCWD, (char *)16, O_RDONLY));
  SAY_FD((int)syscall(SYS_open, NULL, O_RDONLY));
  SAY((int)syscall(SYS_unlink, (char *)-1));
  SAY((int)syscall(SYS_mkdir, (char *)4096, 0755));
}
CASE(openat, long_names) {
  char part[300], whole[5000];
  memset(part, 'x', sizeof part);
  part[255] = 0;
  SAY_FD(open(part, O_CREAT | O_WRONLY, 0644));
  part[255] = 'x';
  part[256] = 0;
  SAY_FD(open(part, O_CREAT | O_WRONLY, 0644));
  memset(whole, '/', sizeof whole);
  whole[0] = '.';
  whole[4095] = 0;
  SAY_FD(open(whole, O_RDONLY));
  whole[4095] = '/';
  whole[4096] = 0;
  SAY_FD(open(whole, O_RDONLY));
}
CASE(openat, odd_bytes) {
  SAY_FD(open("caf\xc3\xa9", O_CREAT | O_WRONLY, 0644));
  SAY_FD(open("\xff\xfe", O_CREAT | O_WRONLY, 0644));
  SAY_FD(open("new\nline", O_CREAT | O_WRONLY, 0644));
  SAY_FD(open("*?[a]", O_CREAT | O_WRONLY, 0644));
  SAY(unlink("\xff\xfe"));
  say_file("new\nline");
}
CASE(openat, descriptors_used_up) {
  struct {
    unsigned long cur, max;
  } limit = {8, 8};
  syscall(SYS_setrlimit, 7, &limit);
  int last = 0, made = 0;
  while ((last = open("/dev/null", O_RDONLY)) >= 0) made++;
  printf("%d opened, then %s\n", made, strerrorname_np(errno));
  SAY_FD(open("made", O_CREAT | O_WRONLY, 0644));
  say_file("made");
}
CASE(openat, file_size_limit) {
  struct {
    unsigned long cur, max;
  } limit = {10, 10};
  signal(25, SIG_IGN); // SIGXFSZ
  syscall(SYS_setrlimit, 1, &limit);
  int f = open("file", O_CREAT | O_RDWR, 0644);
  SAY(write(f, "0123456789abc", 13));
  SAY(write(f, "x", 1));
  SAY(ftruncate(f, 20));
  SAY(truncate("file", 20));
  say_file("file");
}
CASE(openat, append_is_at_the_end) {
  put("log", "one,");
  int a = open("log", O_WRONLY | O_APPEND), b = open("log", O_WRONLY | O_APPEND);
  SAY(write(a, "two,", 4));
  SAY(write(b, "three,", 6));
  SAY(lseek(a, 0, SEEK_SET));
  SAY(write(a, "four", 4));
  say_content("log");
  SAY(fcntl(a, F_SETFL, 0));
  SAY(lseek(a, 0, SEEK_SET));
  SAY(write(a, "O", 1));
  say_content("log");
}
CASE(openat, temporary_file_gets_a_name) {
  int f = open(".", O_TMPFILE | O_RDWR, 0640);
  char self[64];
  SAY(write(f, "hello", 5));
  snprintf(self, sizeof self, "/proc/self/fd/%d", f);
  say("linkat", linkat(AT_FDCWD, self, AT_FDCWD, "named", AT_SYMLINK_FOLLOW));
  say_file("named");
  say_content("named");
  say("again", linkat(AT_FDCWD, self, AT_FDCWD, "named", AT_SYMLINK_FOLLOW));
  say("empty path", linkat(f, "", AT_FDCWD, "second", AT_EMPTY_PATH));
  say_file("second");
}
CASE(openat, reopened_through_proc) {
  put("file", "content");
  int f = open("file", O_RDONLY), p = open("file", O_PATH);
  char self[64];
  snprintf(self, sizeof self, "/proc/self/fd/%d", f);
  SAY_FD(open(self, O_RDWR));
  snprintf(self, sizeof self, "/dev/fd/%d", p);
  SAY_FD(open(self, O_RDONLY));
  SAY_FD(open("/proc/self/fd/77", O_RDONLY));
  unlink("file");
  snprintf(self, sizeof self, "/proc/self/fd/%d", f);
  SAY_FD(open(self, O_RDONLY));
  int pipes[2];
  if (pipe(pipes)) return;
  snprintf(self, sizeof self, "/proc/self/fd/%d", pipes[0]);
  SAY_FD(open(self, O_RDONLY | O_NONBLOCK));
  snprintf(self, sizeof self, "/proc/self/fd/%d", pipes[1]);
  SAY_FD(open(self, O_WRONLY));
}
CASE(openat, fifo_waits_for_the_other_end) {
  mkfifo("pipe", 0600);
  fflush(stdout);
  pid_t child = fork();
  if (child == 0) {
    int w = open("pipe", O_WRONLY);
    if (write(w, "through", 7) != 7) puts("not written");
    _exit(0);
  }
  int r = open("pipe", O_RDONLY);
  char text[16] = "";
  say("read", read(r, text, sizeof text - 1));
  puts(text);
  say_end("writer", child);
}
