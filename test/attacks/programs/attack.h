// One attack a program. It says how it ended by its exit status, so that the same binary proves
// that the attack works unconfined and that the domain stops it.
#pragma once
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <netinet/in.h>
#include <arpa/inet.h>
#include <unistd.h>

enum { SUCCEEDED = 0, REFUSED = 1, CANNOT_TRY = 2 };

static inline _Noreturn void succeeded(const char *what) {
  printf("succeeded: %s\n", what);
  fflush(stdout);
  _exit(SUCCEEDED);
}
static inline _Noreturn void refused(const char *what) {
  printf("refused: %s: %s\n", what, strerrorname_np(errno) ? strerrorname_np(errno) : "0");
  fflush(stdout);
  _exit(REFUSED);
}
static inline _Noreturn void cannot_try(const char *what) {
  printf("cannot try: %s: %s\n", what, strerror(errno));
  fflush(stdout);
  _exit(CANNOT_TRY);
}

// TRY ends the attack either way; NEED is groundwork that must work inside the domain too.
#define TRY(expr) \
  do { errno = 0; if ((long)(expr) < 0) refused(#expr); else succeeded(#expr); } while (0)
#define NEED(expr) \
  ({ errno = 0; long need_ = (long)(expr); if (need_ < 0) cannot_try(#expr); need_; })
// For attacks of several steps: any refusal on the way ends it.
#define STEP(expr) ({ errno = 0; long step_ = (long)(expr); if (step_ < 0) refused(#expr); step_; })

static inline const char *setting(const char *name) {
  const char *v = getenv(name);
  if (!v) { errno = ENOENT; cannot_try(name); }
  return v;
}
static inline long number(const char *name) { return strtol(setting(name), 0, 0); }

// granted/ rwcda, readonly/ r, secret/ nothing, exact/ one granted name `pid` (rwcd), spool/
// granted by glob
static inline const char *in_scratch(const char *name) {
  static char buffers[8][4096];
  static int next;
  char *b = buffers[next++ % 8];
  snprintf(b, sizeof buffers[0], "%s/%s", setting("ATTACK_SCRATCH"), name);
  return b;
}
static inline struct sockaddr_in loopback(const char *port_setting) {
  return (struct sockaddr_in){.sin_family = AF_INET,
      .sin_port = htons((uint16_t)number(port_setting)), .sin_addr = {htonl(INADDR_LOOPBACK)}};
}
static inline socklen_t unix_name(struct sockaddr_un *a, const char *path) {
  memset(a, 0, sizeof *a);
  a->sun_family = AF_UNIX;
  strncpy(a->sun_path, path, sizeof a->sun_path - 1);
  return sizeof *a;
}
static inline socklen_t abstract_name(struct sockaddr_un *a, const char *name) {
  memset(a, 0, sizeof *a);
  a->sun_family = AF_UNIX;
  strncpy(a->sun_path + 1, name, sizeof a->sun_path - 2);
  return (socklen_t)(offsetof(struct sockaddr_un, sun_path) + 1 + strlen(name));
}

static void attack(void);
static void *attack_thread(void *unused) { (void)unused; attack(); return 0; }

int main(void) {
  if (!getenv("ATTACK_THREAD")) { attack(); return CANNOT_TRY; }
  pthread_t t;
  if (pthread_create(&t, 0, attack_thread, 0)) cannot_try("pthread_create");
  pthread_join(t, 0);
  return CANNOT_TRY;
}
