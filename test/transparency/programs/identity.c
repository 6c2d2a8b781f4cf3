// Identity and threads.
#include <grp.h>
#include <pthread.h>
#include <sys/prctl.h>

#include "transparent.h"

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
static void *many_opens(void *n) {
  long good = 0;
  char name[32];
  for (int i = 0; i < 100; i++) {
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
