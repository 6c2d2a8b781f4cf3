// The identity of a process or thread, changed between calls and at the same time as others.
#include <grp.h>
#include <pthread.h>
#include <sys/prctl.h>

#include "transparent.h"

static void show(const char *name) {
  int f = open(name, O_CREAT | O_EXCL | O_WRONLY, 0666);
  if (f < 0) {
    say(name, -1);
    return;
  }
  close(f);
  say_file(name);
}
CASE(become, step_by_step) {
  chmod(".", 0777);
  gid_t many[] = {4001, 4002, 4003};
  show("a");
  SAY(setgroups(3, many));
  SAY(setegid(4002));
  show("b");
  SAY(seteuid(4000));
  show("c");
  say_file("a");
  SAY_FD(open("a", O_RDWR));
  SAY(chmod("a", 0600));
  SAY(seteuid(0));
  SAY(setegid(0));
  show("d");
  SAY(chown("d", 4000, 4003));
  SAY(setresgid(4003, 4003, 4003));
  SAY(setresuid(4000, 4000, 4000));
  SAY_FD(open("d", O_RDWR));
  SAY(chmod("d", 0070));
  SAY_FD(open("d", O_RDWR));
  SAY(seteuid(0));
  show("e");
  SAY_FD(open("/proc/self/status", O_RDONLY));
  SAY_FD(open("/proc/self/fd", O_RDONLY | O_DIRECTORY));
  SAY_FD(open("/proc/self/maps", O_RDONLY));
  SAY_FD(open("/proc/self/environ", O_RDONLY));
}
CASE(become, groups_that_matter) {
  put("g", "x");
  chmod(".", 0777);
  SAY(chown("g", 0, 4242));
  SAY(chmod("g", 0060));
  gid_t with[] = {4242}, without[] = {4243};
  IN_CHILD({
    SAY(setgroups(1, with));
    SAY(setuid(4000));
    SAY_FD(open("g", O_RDWR));
  });
  IN_CHILD({
    SAY(setgroups(1, without));
    SAY(setuid(4000));
    SAY_FD(open("g", O_RDWR));
  });
  IN_CHILD({
    SAY(setgroups(0, NULL));
    SAY(setgid(4242));
    SAY(setuid(4000));
    SAY_FD(open("g", O_RDWR));
  });
}
CASE(become, file_system_ids_back_and_forth) {
  chmod(".", 0777);
  put("mine", "x");
  chmod("mine", 0600);
  for (int i = 0; i < 3; i++) {
    char name[8];
    SAY((int)syscall(SYS_setfsuid, 4000 + i) >= 0);
    SAY((int)syscall(SYS_setfsgid, 4100 + i) >= 0);
    snprintf(name, sizeof name, "n%d", i);
    show(name);
    SAY_FD(open("mine", O_RDONLY));
    SAY((int)syscall(SYS_setfsuid, 0) >= 0);
    SAY((int)syscall(SYS_setfsgid, 0) >= 0);
    SAY_FD(open("mine", O_RDONLY));
  }
}
CASE(become, without_a_capability) {
  put("f", "x");
  chmod("f", 0);
  SAY(chown("f", 4000, 4000));
  struct {
    uint32_t version;
    int pid;
  } header = {0x20080522, 0};
  uint32_t data[6];
  SAY_FD(open("f", O_RDWR));
  syscall(SYS_capget, &header, data);
  uint32_t all = data[0];
  data[0] = 0;
  SAY((int)syscall(SYS_capset, &header, data));
  SAY_FD(open("f", O_RDWR));
  SAY(chmod("f", 0600));
  SAY(chown("f", 0, 0));
  data[0] = all;
  SAY((int)syscall(SYS_capset, &header, data));
  SAY_FD(open("f", O_RDWR));
  data[0] = data[1] = data[3] = data[4] = 0;
  SAY((int)syscall(SYS_capset, &header, data));
  SAY_FD(open("f", O_RDWR));
  SAY(unlink("f"));
  SAY(chroot("."));
}
struct one {
  long id;
  int bad;
};
static void *as_somebody(void *argument) {
  struct one *one = argument;
  unsigned id = 4000 + (unsigned)one->id;
  syscall(SYS_setgroups, 0, NULL);
  syscall(SYS_setfsgid, id);
  syscall(SYS_setfsuid, id);
  for (int i = 0; i < 40; i++) {
    char name[32];
    struct stat s;
    snprintf(name, sizeof name, "t%ld-%d", one->id, i);
    int f = open(name, O_CREAT | O_EXCL | O_RDWR, 0600);
    if (f < 0 || fstat(f, &s) || s.st_uid != id || s.st_gid != id) one->bad++;
    if (f >= 0) close(f);
    // All other processes have closed theirs.
    snprintf(name, sizeof name, "t%ld-%d", (one->id + 1) % 4, i);
    f = open(name, O_RDONLY);
    if (f >= 0 || (errno != EACCES && errno != ENOENT)) one->bad++;
  }
  return NULL;
}
CASE(become, threads_of_several_users) {
  if (geteuid() != 0) return;
  chmod(".", 0777);
  pthread_t t[4];
  struct one ones[4];
  for (long i = 0; i < 4; i++) {
    ones[i] = (struct one){i, 0};
    pthread_create(&t[i], NULL, as_somebody, &ones[i]);
  }
  int bad = 0;
  for (int i = 0; i < 4; i++) pthread_join(t[i], NULL), bad += ones[i].bad;
  printf("%d bad\n", bad);
  show("main");
}
static void *masks(void *end) {
  while (!__atomic_load_n((int *)end, __ATOMIC_RELAXED)) {
    umask(077);
    umask(022);
  }
  return NULL;
}
CASE(become, umask_changed_by_another_thread) {
  int end = 0, odd = 0;
  pthread_t t;
  pthread_create(&t, NULL, masks, &end);
  for (int i = 0; i < 100; i++) {
    char name[8];
    struct stat s;
    snprintf(name, sizeof name, "f%d", i);
    int f = open(name, O_CREAT | O_EXCL | O_WRONLY, 0666);
    if (f < 0 || fstat(f, &s) || ((s.st_mode & 0777) != 0600 && (s.st_mode & 0777) != 0644)) odd++;
    if (f >= 0) close(f);
  }
  __atomic_store_n(&end, 1, __ATOMIC_RELAXED);
  pthread_join(t, NULL);
  printf("%d odd\n", odd);
  umask(0);
  show("after");
}
CASE(become, somebody_else_by_exec) {
  put("f", "x");
  chmod(".", 0777);
  IN_CHILD({
    char *args[] = {"sh", "-c", "umask 027; : > made; exec 3<f && echo read; cat /proc/self/comm",
        NULL};
    char *env[] = {"PATH=/usr/bin:/bin", NULL};
    SAY(setgid(4000));
    SAY(setuid(4000));
    execve("/bin/sh", args, env);
    say("execve", -1);
  });
  say_file("made");
}
CASE(become, undumpable_and_back) {
  put("f", "x");
  SAY(prctl(PR_SET_DUMPABLE, 0, 0, 0, 0));
  SAY(prctl(PR_SET_DUMPABLE, 1, 0, 0, 0));
  SAY_FD(open("f", O_RDWR));
  SAY_FD(open("/proc/self/maps", O_RDONLY));
  SAY_FD(open("/proc/self/fd/1", O_WRONLY));
}
