// Processes, execution, signals, identity, threads.
#include <grp.h>
#include <limits.h>
#include <poll.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/ptrace.h>
#include <sys/resource.h>
#include <sys/time.h>
#include <sys/uio.h>

#include "transparent.h"

static void script(const char *path, const char *text) {
  put(path, text);
  chmod(path, 0755);
}
static void run(const char *path, char *const argv[], char *const env[]) {
  fflush(stdout);
  pid_t child = fork();
  if (child == 0) {
    execve(path, argv, env);
    say("execve", -1);
    fflush(stdout);
    _exit(127);
  }
  say_end(path, child);
}
static char *plain[] = {"true", NULL}, *none[] = {NULL};
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
CASE(fork, storm) {
  int good = 0;
  for (int i = 0; i < 300; i++) {
    pid_t c = fork();
    if (c == 0) {
      int f = open("f", O_CREAT | O_RDWR | O_APPEND, 0644);
      if (write(f, "x", 1) != 1) _exit(1);
      _exit(0);
    }
    int s;
    if (c > 0 && waitpid(c, &s, 0) == c && s == 0) good++;
  }
  printf("%d good\n", good);
  say_file("f");
}
CASE(fork, many_at_once) {
  enum { N = 60 };
  pid_t c[N];
  for (int i = 0; i < N; i++)
    if ((c[i] = fork()) == 0) {
      char n[16];
      snprintf(n, sizeof n, "f%d", i);
      for (int k = 0; k < 20; k++) {
        int f = open(n, O_CREAT | O_EXCL | O_WRONLY, 0644);
        if (f < 0) _exit(1);
        close(f);
        if (unlink(n)) _exit(2);
      }
      _exit(0);
    }
  int good = 0;
  for (int i = 0; i < N; i++) {
    int s;
    waitpid(c[i], &s, 0);
    good += s == 0;
  }
  printf("%d good\n", good);
}
CASE(fork, vfork_and_clone) {
  fflush(stdout);
  pid_t c = vfork();
  if (c == 0) {
    execve("/bin/true", plain, none);
    _exit(1);
  }
  say_end("vfork", c);
  c = (pid_t)syscall(SYS_clone, SIGCHLD, 0, 0, 0, 0);
  if (c == 0) {
    SAY_FD(open("../outside/public", O_RDONLY));
    _exit(4);
  }
  say_end("clone", c);
  struct {
    uint64_t a[11];
  } args = {{0, 0, 0, 0, SIGCHLD}};
  c = (pid_t)syscall(SYS_clone3, &args, sizeof args);
  if (c == 0) _exit(5);
  say_end("clone3", c);
}
CASE(fork, grandchildren_and_reaper) {
  SAY(prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0));
  IN_CHILD({
    if (fork() == 0) {
      if (fork() == 0) {
        usleep(20000);
        put("deep", "made");
        _exit(6);
      }
      _exit(0);
    }
  });
  int s, n = 0;
  while (wait(&s) > 0) n++;
  printf("%d orphans\n", n);
  say_content("deep");
}
CASE(fork, daemon_style) {
  IN_CHILD({
    setsid();
    if (fork() == 0) {
      chdir("/") == 0 ? 0 : puts("?");
      umask(0);
      _exit(0);
    }
  });
  SAY(getsid(0) == getsid(0));
}
static volatile int hits;
static void hit(int n) {
  hits += n > 0;
}
CASE(signals, to_oneself) {
  signal(SIGUSR1, hit);
  SAY(kill(getpid(), SIGUSR1));
  SAY(raise(SIGUSR1));
  SAY((int)syscall(SYS_tgkill, getpid(), getpid(), SIGUSR1));
  SAY((int)syscall(SYS_tkill, getpid(), SIGUSR1));
  union sigval v = {.sival_int = 3};
  SAY(sigqueue(getpid(), SIGUSR1, v));
  printf("%d hits\n", hits);
  SAY(kill(getpid(), 0));
  SAY(kill(getpid(), 999));
  SAY(kill(99999999, 0));
  SAY(kill(0, 0));
}
CASE(signals, to_children) {
  pid_t c = fork();
  if (c == 0) {
    pause();
    _exit(0);
  }
  SAY(kill(c, 0));
  int p = (int)syscall(SYS_pidfd_open, c, 0);
  printf("pidfd %d\n", p >= 0);
  SAY((int)syscall(SYS_pidfd_send_signal, p, SIGTERM, NULL, 0));
  say_end("child", c);
  SAY(kill(c, 0));
  struct pollfd f = {p, POLLIN, 0};
  SAY(poll(&f, 1, 1000));
}
CASE(signals, group) {
  fflush(stdout);
  pid_t c = fork();
  if (c == 0) {
    setpgid(0, 0);
    if (fork() == 0) {
      pause();
    }
    pause();
    _exit(0);
  }
  usleep(50000);
  SAY(killpg(c, SIGKILL));
  say_end("child", c);
}
CASE(signals, init_is_not_ours) {
  SAY(kill(1, 0));
  IN_CHILD({
    if (geteuid() == 0) {
      SAY(setresuid(65534, 65534, 65534));
    }
    SAY(kill(1, 0));
    SAY(kill(getppid(), 0));
  });
}
CASE(signals, handler_interrupts_a_pipe) {
  struct sigaction a = {.sa_handler = hit};
  sigaction(SIGALRM, &a, NULL);
  struct itimerval t = {{0, 0}, {0, 30000}};
  int p[2];
  char b;
  if (pipe(p)) return;
  setitimer(ITIMER_REAL, &t, NULL);
  SAY(read(p[0], &b, 1));
  printf("%d hits\n", hits);
  a.sa_flags = SA_RESTART;
  sigaction(SIGALRM, &a, NULL);
  setitimer(ITIMER_REAL, &t, NULL);
  IN_CHILD({
    usleep(80000);
    if (write(p[1], "x", 1) != 1) puts("?");
  });
  SAY(read(p[0], &b, 1));
}
CASE(signals, segmentation_fault) {
  IN_CHILD({
    struct rlimit l;
    memset(&l, 0, sizeof l);
    setrlimit(RLIMIT_CORE, &l);
    *(volatile int *)8 = 1;
  });
  IN_CHILD({ abort(); });
}
CASE(signals, masks_and_waits) {
  sigset_t s, old;
  sigemptyset(&s);
  sigaddset(&s, SIGUSR2);
  SAY(sigprocmask(SIG_BLOCK, &s, &old));
  SAY(kill(getpid(), SIGUSR2));
  SAY(sigwaitinfo(&s, NULL));
  struct timespec t = {0, 1000000};
  SAY(sigtimedwait(&s, NULL, &t));
}
CASE(identity, user_ids) {
  IN_CHILD({
    SAY(setresuid(1000, 1001, 1002));
    SAY(getuid());
    SAY(geteuid());
    SAY_FD(open("f", O_CREAT | O_WRONLY, 0644));
    SAY(seteuid(1002));
    SAY(setuid(0));
    SAY(geteuid());
  });
  IN_CHILD({
    SAY(setuid(65534));
    SAY_FD(open("../outside/private", O_RDONLY));
    SAY_FD(open("g", O_CREAT | O_WRONLY, 0644));
    SAY(setuid(0));
  });
  say_file("f");
}
CASE(identity, group_ids) {
  gid_t g[] = {4242, 4343};
  IN_CHILD({
    SAY(setgroups(2, g));
    SAY(setresgid(4242, 4243, 4244));
    gid_t r[4];
    SAY(getgroups(4, r));
    chmod(".", 0777);
    int f = open("f", O_CREAT | O_WRONLY, 0644);
    say_open(f);
    SAY(chown("f", (uid_t)-1, 4343));
  });
  say_file("f");
}
CASE(identity, file_system_ids) {
  chmod(".", 0777);
  IN_CHILD({
    SAY((int)syscall(SYS_setfsuid, 1234));
    SAY((int)syscall(SYS_setfsuid, -1));
    SAY((int)syscall(SYS_setfsgid, 1235));
    SAY_FD(open("f", O_CREAT | O_WRONLY, 0644));
    SAY(mkdir("d", 0755));
    SAY_FD(open("../outside/private", O_RDONLY));
  });
  say_file("f");
  say_file("d");
}
static void *as_thread(void *what) {
  (void)what;
  syscall(SYS_setresuid, 1234, 1234, 1234);
  int f = open("../outside/private", O_RDONLY);
  printf("thread as 1234: %s\n", f < 0 ? strerrorname_np(errno) : "opened");
  int g = open("t", O_CREAT | O_WRONLY, 0644);
  if (g >= 0)
    say_open(g);
  else
    printf("thread: %s\n", strerrorname_np(errno));
  return NULL;
}
CASE(identity, of_one_thread) {
  chmod(".", 0777);
  pthread_t t;
  pthread_create(&t, NULL, as_thread, NULL);
  pthread_join(t, NULL);
  int f = open("../outside/private", O_RDONLY);
  printf("main: %s\n", f < 0 ? strerrorname_np(errno) : "opened");
  SAY_FD(open("m", O_CREAT | O_WRONLY, 0644));
  say_file("m");
  say_file("t");
}
CASE(identity, capabilities) {
  struct {
    uint32_t v;
    int p;
  } h = {0x20080522, 0};
  uint32_t d[6] = {0};
  SAY((int)syscall(SYS_capget, &h, d));
  printf("effective %d\n", d[0] != 0);
  d[0] &= ~(1u << 1);
  SAY((int)syscall(SYS_capset, &h, d));
  put("s", "x");
  chmod("s", 0);
  chown("s", 4242, 4242) == 0 ? 0 : puts("not chowned");
  SAY_FD(open("s", O_WRONLY));
  SAY(prctl(PR_CAPBSET_READ, 1, 0, 0, 0));
  SAY(prctl(PR_CAPBSET_DROP, 5, 0, 0, 0));
}
CASE(identity, umask_of_threads) {
  umask(0);
  int f = open("a", O_CREAT | O_WRONLY, 0666);
  close(f);
  umask(077);
  f = open("b", O_CREAT | O_WRONLY, 0666);
  close(f);
  say_file("a");
  say_file("b");
  SAY(umask(022));
}
CASE(identity, no_new_privileges) {
  SAY(prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0));
  SAY(prctl(PR_GET_NO_NEW_PRIVS, 0, 0, 0, 0));
  run("/bin/true", plain, none);
}
CASE(identity, dumpable) {
  SAY(prctl(PR_SET_DUMPABLE, 0, 0, 0, 0));
  put("f", "x");
  SAY_FD(open("f", O_RDWR));
  SAY_FD(open("n", O_CREAT | O_WRONLY, 0644));
  SAY(rename("n", "o"));
  SAY_FD(open("/proc/self/status", O_RDONLY));
  run("/bin/true", plain, none);
}
CASE(limits, own_and_of_children) {
  struct rlimit l;
  SAY(getrlimit(RLIMIT_NOFILE, &l));
  l.rlim_cur = 50;
  SAY(setrlimit(RLIMIT_NOFILE, &l));
  SAY(prlimit(0, RLIMIT_CORE, NULL, &l));
  fflush(stdout);
  pid_t c = fork();
  if (c == 0) {
    pause();
    _exit(0);
  }
  struct rlimit n = {1, 1};
  SAY(prlimit(c, RLIMIT_CORE, &n, NULL));
  SAY(prlimit(1, RLIMIT_CORE, NULL, &l));
  kill(c, SIGKILL);
  say_end("child", c);
  SAY(setpriority(PRIO_PROCESS, 0, 5));
  SAY(getpriority(PRIO_PROCESS, 0));
  SAY(nice(1));
}
CASE(scheduling, calls) {
  cpu_set_t s;
  SAY(sched_getaffinity(0, sizeof s, &s));
  SAY(sched_setaffinity(0, sizeof s, &s));
  struct sched_param p = {0};
  SAY(sched_setscheduler(0, SCHED_BATCH, &p));
  SAY(sched_getscheduler(0));
  p.sched_priority = 200;
  SAY(sched_setscheduler(0, SCHED_FIFO, &p));
  SAY((int)syscall(SYS_ioprio_set, 1, 0, (3 << 13) | 7));
  SAY(sched_yield());
  pid_t c = fork();
  if (c == 0) {
    pause();
    _exit(0);
  }
  SAY(sched_setaffinity(c, sizeof s, &s));
  p.sched_priority = 0;
  SAY(sched_setscheduler(c, SCHED_OTHER, &p));
  kill(c, SIGKILL);
  say_end("child", c);
}
CASE(trace, a_child) {
  fflush(stdout);
  pid_t c = fork();
  if (c == 0) {
    ptrace(PTRACE_TRACEME, 0, 0, 0);
    raise(SIGSTOP);
    _exit(7);
  }
  int s;
  waitpid(c, &s, 0);
  printf("stopped %d\n", WIFSTOPPED(s));
  char m[64];
  snprintf(m, sizeof m, "/proc/%d/mem", c);
  SAY_FD(open("/proc/self/maps", O_RDONLY));
  int f = open(m, O_RDONLY);
  printf("memory %d\n", f >= 0);
  SAY(ptrace(PTRACE_CONT, c, 0, 0));
  say_end("child", c);
}
CASE(trace, memory_of_a_child) {
  static char text[8] = "parent";
  fflush(stdout);
  pid_t c = fork();
  if (c == 0) {
    strcpy(text, "child");
    pause();
    _exit(0);
  }
  usleep(50000);
  char got[8] = "";
  struct iovec l = {got, 6}, r = {text, 6};
  SAY(process_vm_readv(c, &l, 1, &r, 1, 0));
  puts(got);
  int p = (int)syscall(SYS_pidfd_open, c, 0);
  SAY_FD((int)syscall(SYS_pidfd_getfd, p, 1, 0));
  kill(c, SIGKILL);
  say_end("child", c);
}
static void *many_opens(void *n) {
  long good = 0;
  char name[32];
  for (int i = 0; i < 200; i++) {
    snprintf(name, sizeof name, "t%ld-%d", (long)n, i);
    int f = open(name, O_CREAT | O_EXCL | O_RDWR, 0644);
    if (f < 0) continue;
    good += write(f, "x", 1) == 1;
    close(f);
    if (unlink(name)) good--;
  }
  return (void *)good;
}
CASE(threads, open_at_once) {
  pthread_t t[16];
  long good = 0;
  for (long i = 0; i < 16; i++) pthread_create(&t[i], NULL, many_opens, (void *)i);
  for (int i = 0; i < 16; i++) {
    void *g;
    pthread_join(t[i], &g);
    good += (long)g;
  }
  printf("%ld good\n", good);
}
static void *share(void *a) {
  (void)a;
  chdir("d") == 0 ? 0 : puts("?");
  umask(077);
  return NULL;
}
CASE(threads, share_folder_and_umask) {
  mkdir("d", 0755);
  pthread_t t;
  pthread_create(&t, NULL, share, NULL);
  pthread_join(t, NULL);
  int f = open("in", O_CREAT | O_WRONLY, 0666);
  close(f);
  if (chdir("..")) return;
  say_file("d/in");
}
static void *apart(void *a) {
  (void)a;
  SAY(unshare(CLONE_FS));
  chdir("d") == 0 ? 0 : puts("?");
  int f = open("in", O_CREAT | O_WRONLY, 0666);
  close(f);
  return NULL;
}
CASE(threads, own_folder_after_unshare) {
  mkdir("d", 0755);
  pthread_t t;
  pthread_create(&t, NULL, apart, NULL);
  pthread_join(t, NULL);
  SAY_FD(open("out", O_CREAT | O_WRONLY, 0666));
  say_file("d/in");
  say_file("out");
}
static void *own_files(void *a) {
  int *fd = a;
  SAY(unshare(CLONE_FILES));
  close(*fd);
  *fd = open("b", O_RDONLY);
  return NULL;
}
CASE(threads, own_descriptors_after_unshare) {
  put("a", "a");
  put("b", "b");
  int f = open("a", O_RDONLY);
  pthread_t t;
  pthread_create(&t, NULL, own_files, &f);
  pthread_join(t, NULL);
  char c = 0;
  SAY(pread(f, &c, 1, 0));
  printf("%c\n", c);
}
CASE(namespaces, unshare_forms) {
  IN_CHILD({
    SAY(unshare(CLONE_NEWUTS));
    SAY(sethostname("inside", 6));
  });
  IN_CHILD({
    SAY(unshare(CLONE_NEWUSER));
    SAY(getuid());
  });
  IN_CHILD({ SAY(unshare(CLONE_NEWNS)); });
  IN_CHILD({
    if (SAY(unshare(CLONE_NEWPID)) != 0) _exit(0);
    fflush(stdout);
    pid_t c = fork();
    if (c == 0) {
      printf("pid %d\n", getpid());
      fflush(stdout);
      SAY_FD(open("../outside/public", O_RDONLY));
      fflush(stdout);
      _exit(0);
    }
    say_end("first", c);
  });
  IN_CHILD({
    SAY(unshare(CLONE_NEWNET));
    SAY(unshare(CLONE_NEWIPC));
  });
}
CASE(privileged, calls) {
  SAY((int)syscall(SYS_sethostname, NULL, 5));
  SAY((int)syscall(SYS_mount, "none", "nowhere", "tmpfs", 0, NULL));
  SAY((int)syscall(SYS_umount2, "nowhere", 0));
  SAY((int)syscall(SYS_pivot_root, ".", "."));
  SAY((int)syscall(SYS_swapon, "nowhere", 0));
  SAY((int)syscall(SYS_acct, "nowhere"));
  SAY((int)syscall(SYS_init_module, NULL, 0, ""));
  SAY((int)syscall(SYS_reboot, 1, 2, 3, 0));
  SAY((int)syscall(SYS_settimeofday, NULL, (void *)8));
  SAY((int)syscall(SYS_iopl, 9));
  SAY((int)syscall(SYS_quotactl, 0, "nowhere", 0, 0));
  SAY((int)syscall(SYS_bpf, 999, NULL, 0));
  SAY((int)syscall(SYS_perf_event_open, NULL, 0, -1, -1, 0));
  SAY((int)syscall(SYS_keyctl, 999));
  SAY((int)syscall(SYS_userfaultfd, 0x40000000));
  SAY((int)syscall(SYS_io_uring_setup, 0, NULL));
  SAY((int)syscall(SYS_open_by_handle_at, -1, NULL, 0));
  SAY((int)syscall(SYS_vhangup + 1000));
  SAY((int)syscall(SYS_fanotify_init, 0x80000000, 0));
  SAY((int)syscall(SYS_personality, 0xffffffff));
  SAY((int)syscall(SYS_kcmp, 0, 0, 99, 0, 0));
}
CASE(privileged, real_io_uring) {
  char p[256] = {0};
  int r = (int)syscall(SYS_io_uring_setup, 4, p);
  say_descriptor("io_uring_setup", r);
}
CASE(privileged, mount_in_own_namespace) {
  IN_CHILD({
    mkdir("m", 0755);
    if (SAY(unshare(CLONE_NEWNS)) == 0 &&
        SAY((int)syscall(SYS_mount, "none", "/", NULL, (1 << 14) | (1 << 18), NULL)) == 0) {
      SAY((int)syscall(SYS_mount, "none", "m", "tmpfs", 0, NULL));
      put("m/f", "mounted");
      say_content("m/f");
      SAY((int)syscall(SYS_umount2, "m", 2));
    }
  });
}
CASE(ipc, system_v) {
  int s = (int)syscall(SYS_shmget, 0, 4096, 01600);
  printf("shm %d\n", s >= 0);
  SAY((int)syscall(SYS_shmctl, s, 0, NULL));
  int m = (int)syscall(SYS_msgget, 0, 01600);
  struct {
    long t;
    char x[4];
  } msg = {1, "abc"};
  SAY((int)syscall(SYS_msgsnd, m, &msg, 4, 0));
  SAY((int)syscall(SYS_msgrcv, m, &msg, 4, 0, 0));
  SAY((int)syscall(SYS_msgctl, m, 0, NULL));
  int e = (int)syscall(SYS_semget, 0, 1, 01600);
  SAY((int)syscall(SYS_semctl, e, 0, 0, 0));
  SAY((int)syscall(SYS_mq_open, "none", O_RDONLY, 0, NULL));
}
CASE(eintr, opens_under_a_timer) {
  struct sigaction a = {.sa_handler = hit, .sa_flags = SA_RESTART};
  sigaction(SIGALRM, &a, NULL);
  struct itimerval t = {{0, 2000}, {0, 2000}};
  setitimer(ITIMER_REAL, &t, NULL);
  int bad = 0, other = 0;
  for (int i = 0; i < 5000; i++) {
    int f = open("../outside/public", O_RDONLY);
    if (f >= 0)
      close(f);
    else if (errno == EINTR)
      bad++;
    else
      other++;
  }
  struct itimerval off = {0};
  setitimer(ITIMER_REAL, &off, NULL);
  printf("interrupted %d failed otherwise %d\n", bad, other);
}
