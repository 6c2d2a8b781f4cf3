// Programs started in every way: by scripts, threads, after vfork, by descriptors.
#include <pthread.h>
#include <spawn.h>
#include <sys/prctl.h>

#include "transparent.h"

static void script(const char *path, const char *text, mode_t mode) {
  put(path, text);
  chmod(path, mode);
}
CASE(programs, scripts_and_their_arguments) {
  char *args[] = {"zero", "a b", "", "*", NULL};
  script("plain", "#!/bin/sh\nfor a in \"$0\" \"$@\"; do echo \"<$a>\"; done\n", 0755);
  run("./plain", args, none);
  script("one", "#!/bin/sh -e\nfalse\necho never\n", 0755);
  run("./one", args, none);
  script("two", "#! /bin/echo  a  b \n", 0755);
  run("./two", args, none);
  script("self", "#!./plain x\n", 0755);
  run("./self", args, none);
  char deep[8] = "n0", before[8];
  script(deep, "#!/bin/echo end\n", 0755);
  for (int i = 1; i < 8; i++) {
    char text[32];
    snprintf(before, sizeof before, "n%d", i - 1);
    snprintf(deep, sizeof deep, "n%d", i);
    snprintf(text, sizeof text, "#!./%s\n", before);
    script(deep, text, 0755);
    run(deep, args, none);
  }
  script("shut", "#!/bin/sh\necho shut\n", 0644);
  run("./shut", args, none);
  script("gone", "#!/bin/nowhere/sh\n", 0755);
  run("./gone", args, none);
  script("folder", "#!/bin\n", 0755);
  run("./folder", args, none);
  script("empty", "", 0755);
  run("./empty", args, none);
  script("bare", "#!\n", 0755);
  run("./bare", args, none);
  script("text", "hello\n", 0755);
  run("./text", args, none);
  mkdir("d", 0755);
  run("./d", args, none);
  script("hidden", "#!/bin/sh\necho hidden\n", 0711);
  run("./hidden", args, none);
}
CASE(programs, script_by_descriptor) {
  script("s", "#!/bin/cat\ncontent\n", 0755);
  int f = open("s", O_RDONLY), c = open("s", O_RDONLY | O_CLOEXEC), d = open(".", O_PATH);
  IN_CHILD({ SAY((int)syscall(SYS_execveat, d, "s", plain, none, 0)); });
  IN_CHILD({ SAY((int)syscall(SYS_execveat, f, "", plain, none, AT_EMPTY_PATH)); });
  IN_CHILD({ SAY((int)syscall(SYS_execveat, c, "", plain, none, AT_EMPTY_PATH)); });
  if (symlink("s", "l")) return;
  IN_CHILD({ SAY((int)syscall(SYS_execveat, d, "l", plain, none, AT_SYMLINK_NOFOLLOW)); });
  IN_CHILD({ SAY((int)syscall(SYS_execveat, d, "", plain, none, 0)); });
  IN_CHILD({ SAY((int)syscall(SYS_execveat, 99, "s", plain, none, 0)); });
}
static void *others(void *unused) {
  for (;;) {
    int f = open("/dev/null", O_RDWR);
    close(f);
  }
  return unused;
}
static void *executes(void *path) {
  execve(path, plain, none);
  say("execve", -1);
  _exit(9);
}
CASE(programs, from_a_thread_that_is_not_the_first) {
  for (int i = 0; i < 5; i++)
    IN_CHILD({
      pthread_t t;
      for (int k = 0; k < 3; k++) pthread_create(&t, NULL, others, NULL);
      pthread_create(&t, NULL, executes, "/bin/true");
      for (;;) pause();
    });
}
CASE(programs, that_fail_leave_everything_as_it_was) {
  int f = open("f", O_CREAT | O_RDWR | O_CLOEXEC, 0600);
  pthread_t t;
  pthread_create(&t, NULL, others, NULL);
  SAY(execve("/bin/none", plain, none));
  put("text", "hello");
  SAY(execve("./text", plain, none));
  SAY(fcntl(f, F_GETFD));
  SAY_FD(open("f", O_RDWR));
  fflush(stdout);
  _exit(0);
}
CASE(programs, vfork_and_spawn) {
  fflush(stdout);
  for (int i = 0; i < 3; i++) {
    pid_t c = vfork();
    if (c == 0) {
      close(1);
      if (open("out", O_CREAT | O_WRONLY | O_APPEND, 0644) != 1) _exit(9);
      execve("/bin/echo", (char *[]){"echo", "from vfork", NULL}, none);
      _exit(8);
    }
    say_end("vfork", c);
  }
  say_content("out");
  posix_spawn_file_actions_t a;
  posix_spawn_file_actions_init(&a);
  posix_spawn_file_actions_addopen(&a, 1, "out", O_WRONLY | O_TRUNC, 0);
  posix_spawn_file_actions_adddup2(&a, 1, 2);
  pid_t c;
  SAY(posix_spawn(&c, "/bin/echo", &a, NULL, (char *[]){"echo", "spawned", NULL}, none));
  say_end("spawned", c);
  say_content("out");
  SAY(posix_spawn(&c, "/bin/none", &a, NULL, plain, none) == ENOENT);
  printf("%d\n", system("exit 7") >> 8);
  FILE *p = popen("echo through a pipe", "r");
  char text[64] = "";
  if (fgets(text, sizeof text, p)) printf("%s", text);
  SAY(pclose(p));
}
CASE(programs, hundreds) {
  volatile int good = 0;
  for (volatile int i = 0; i < 150; i++) {
    pid_t c = vfork();
    if (c == 0) {
      execve("/bin/true", plain, none);
      _exit(1);
    }
    int s;
    good += waitpid(c, &s, 0) == c && s == 0;
  }
  printf("%d good\n", good);
}
CASE(programs, many_at_once_that_open) {
  enum { N = 12 };
  pid_t c[N];
  char *args[] = {"sh", "-c",
      "for i in 1 2 3; do echo $i >>$0.out; cat $0.out >/dev/null; done; rm $0.out", NULL, NULL};
  char *env[] = {"PATH=/usr/bin:/bin", NULL};
  fflush(stdout);
  for (int i = 0; i < N; i++)
    if ((c[i] = fork()) == 0) {
      char name[8];
      snprintf(name, sizeof name, "n%d", i);
      args[3] = name;
      execve("/bin/sh", args, env);
      _exit(9);
    }
  int good = 0, s;
  for (int i = 0; i < N; i++) good += waitpid(c[i], &s, 0) == c[i] && s == 0;
  printf("%d good\n", good);
}
CASE(programs, their_name_and_arguments) {
  char *args[] = {"other name", "-n", "hello\n", NULL};
  run("/bin/echo", args, none);
  run("/bin/echo", none, none);
  if (symlink("/bin/cat", "cat")) return;
  char *cat[] = {"cat", "/proc/self/comm", NULL};
  run("./cat", cat, none);
  char *link[] = {"readlink", "/proc/self/exe", NULL};
  run("/usr/bin/readlink", link, none);
}
