// Execution.
#include <pthread.h>

#include "transparent.h"

static void script(const char *path, const char *text) {
  put(path, text);
  chmod(path, 0755);
}
CASE(exec, programs) {
  char *echo[] = {"echo", "-n", "a b", "", "c\n", NULL};
  run("/bin/true", plain, none);
  run("/bin/false", plain, none);
  run("/bin/echo", echo, none);
  run("/bin/none", plain, none);
  run(".", plain, none);
  run("../outside/public", plain, none);
  run("", plain, none);
  run("/bin/true/", plain, none);
  put("f", "x");
  run("./f", plain, none);
  chmod("f", 0755);
  run("./f", plain, none);
  if (symlink("/bin/true", "l")) return;
  run("./l", plain, none);
}
CASE(exec, scripts) {
  script("s", "#!/bin/sh\necho \"$0 $# $1\"\nexit 3\n");
  char *args[] = {"zero", "one", "two", NULL};
  run("./s", args, none);
  script("n", "echo no line\n");
  run("./n", args, none);
  script("b", "#!/bin/none\n");
  run("./b", args, none);
  script("c", "#!./s deep\n");
  run("./c", args, none);
  script("e", "#!/usr/bin/env -S sh -c 'echo env'\n");
  run("./e", args, none);
  script("l", "#!./l\n");
  run("./l", args, none);
}
CASE(exec, environment_and_descriptors) {
  char *env[] = {"A=1", "B=two words", "PATH=/usr/bin:/bin", NULL},
       *args[] = {"sh", "-c", "echo $A $B; ls /proc/self/fd | wc -l; echo to9 >&9", NULL};
  int f = open("out", O_CREAT | O_WRONLY, 0644);
  dup2(f, 9);
  fcntl(f, F_SETFD, FD_CLOEXEC);
  run("/bin/sh", args, env);
  say_content("out");
}
CASE(exec, at_a_descriptor) {
  int d = open("/bin", O_RDONLY | O_DIRECTORY), t = open("/bin/true", O_PATH);
  IN_CHILD({ SAY((int)syscall(SYS_execveat, d, "true", plain, none, 0)); });
  IN_CHILD({ SAY((int)syscall(SYS_execveat, t, "", plain, none, AT_EMPTY_PATH)); });
  IN_CHILD({ SAY((int)syscall(SYS_execveat, AT_FDCWD, "/bin/false", plain, none, 0)); });
  IN_CHILD({ SAY((int)syscall(SYS_execveat, d, "none", plain, none, 0)); });
}
CASE(exec, memory_file) {
  int m = (int)syscall(SYS_memfd_create, "program", 0x10), s = open("/bin/true", O_RDONLY);
  char b[65536];
  ssize_t n;
  while ((n = read(s, b, sizeof b)) > 0)
    if (write(m, b, (size_t)n) != n) return;
  IN_CHILD({ SAY(fexecve(m, plain, none)); });
}
static void *wait_for_ever(void *unused) {
  (void)unused;
  for (;;) pause();
  return NULL;
}
CASE(exec, from_a_thread_with_others_running) {
  fflush(stdout);
  pid_t c = fork();
  if (c == 0) {
    for (int i = 0; i < 4; i++) {
      pthread_t t;
      pthread_create(&t, NULL, wait_for_ever, NULL);
    }
    execve("/bin/true", plain, none);
    _exit(1);
  }
  say_end("exec", c);
}
CASE(exec, arguments_too_long) {
  static char big[3 << 20];
  memset(big, 'x', sizeof big - 1);
  char *args[] = {"true", big, NULL};
  run("/bin/true", args, none);
}
