// Processes: forks, limits, scheduling, tracing, namespaces, privileged calls, System V objects.
#include <sched.h>
#include <sys/prctl.h>
#include <sys/ptrace.h>
#include <sys/resource.h>
#include <sys/uio.h>

#include "transparent.h"

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
}
CASE(fork, clone3) {
  struct {
    uint64_t a[11];
  } args = {{0, 0, 0, 0, SIGCHLD}};
  fflush(stdout);
  pid_t c = (pid_t)syscall(SYS_clone3, &args, sizeof args);
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
  kill(c, SIGKILL);
  say_end("child", c);
  SAY(setpriority(PRIO_PROCESS, 0, 5));
  SAY(getpriority(PRIO_PROCESS, 0));
  SAY(nice(1));
}
CASE(limits, of_init) {
  struct rlimit l;
  SAY(prlimit(1, RLIMIT_CORE, NULL, &l));
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
  SAY((int)syscall(SYS_settimeofday, NULL, (void *)8));
  SAY((int)syscall(SYS_vhangup + 1000));
  SAY((int)syscall(SYS_personality, 0xffffffff));
  SAY((int)syscall(SYS_kcmp, 0, 0, 99, 0, 0));
}
CASE(privileged, ways_out) {
  SAY((int)syscall(SYS_mount, "none", "nowhere", "tmpfs", 0, NULL));
  SAY((int)syscall(SYS_umount2, "nowhere", 0));
  SAY((int)syscall(SYS_pivot_root, ".", "."));
  SAY((int)syscall(SYS_swapon, "nowhere", 0));
  SAY((int)syscall(SYS_acct, "nowhere"));
  SAY((int)syscall(SYS_init_module, NULL, 0, ""));
  SAY((int)syscall(SYS_reboot, 1, 2, 3, 0));
  SAY((int)syscall(SYS_iopl, 9));
  SAY((int)syscall(SYS_quotactl, 0, "nowhere", 0, 0));
  SAY((int)syscall(SYS_bpf, 999, NULL, 0));
  SAY((int)syscall(SYS_perf_event_open, NULL, 0, -1, -1, 0));
  SAY((int)syscall(SYS_keyctl, 999));
  SAY((int)syscall(SYS_userfaultfd, 0x40000000));
  SAY((int)syscall(SYS_io_uring_setup, 0, NULL));
  SAY((int)syscall(SYS_open_by_handle_at, -1, NULL, 0));
  SAY((int)syscall(SYS_fanotify_init, 0x80000000, 0));
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
