// Scheduling calls on other threads: of this process, and of another one. Prints "CALL WHOM:
// RESULT".
#define _GNU_SOURCE
#include <errno.h>
#include <pthread.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <unistd.h>

static int number, ready[2];
static void *idle(void *unused) {
  number = gettid();
  if (write(ready[1], "x", 1) != 1) exit(98);
  pause();
  return unused;
}
static void say(const char *call, const char *whom, long result) {
  printf("%s %s: %s\n", call, whom, result < 0 ? strerrorname_np(errno) : "done");
}

int main(int argc, char **argv) {
  setvbuf(stdout, NULL, _IONBF, 0);
  cpu_set_t first;
  CPU_ZERO(&first);
  CPU_SET(0, &first);
  pthread_attr_t attributes;
  pthread_attr_init(&attributes);
  pthread_attr_setaffinity_np(&attributes, sizeof first, &first);
  pthread_t thread;
  char byte;
  if (pipe(ready)) return 99;
  int failed = pthread_create(&thread, &attributes, idle, 0);
  printf("pthread_create with affinity: %s\n", failed ? strerrorname_np(failed) : "done");
  if (failed || read(ready[0], &byte, 1) != 1) return 99;
  cpu_set_t now;
  sched_getaffinity(number, sizeof now, &now);
  printf("its processors: %d\n", CPU_COUNT(&now));
  int outside = argc > 1 ? atoi(argv[1]) : 1;
  const struct { const char *name; int who; } whom[] = {
    {"sibling", number}, {"outside", outside}, {"nobody", 0x3fffff},
  };
  struct sched_param parameter = {0};
  struct {
    unsigned size, policy;
    unsigned long flags;
    int nice;
    unsigned priority;
    unsigned long rest[3];
  } attr = {48, SCHED_BATCH, 0, 0, 0, {0}};
  for (int i = 0; i < 3; i++) {
    say("sched_setaffinity", whom[i].name, sched_setaffinity(whom[i].who, sizeof first, &first));
    say("sched_setscheduler", whom[i].name,
        syscall(SYS_sched_setscheduler, whom[i].who, SCHED_BATCH, &parameter));
    say("sched_setparam", whom[i].name, syscall(SYS_sched_setparam, whom[i].who, &parameter));
    say("sched_setattr", whom[i].name, syscall(SYS_sched_setattr, whom[i].who, &attr, 0));
    say("setpriority", whom[i].name, setpriority(PRIO_PROCESS, whom[i].who, 5));
    say("ioprio_set", whom[i].name, syscall(SYS_ioprio_set, 1, whom[i].who, (2 << 13) | 7));
  }
  printf("policy of the sibling: %d, nice %d\n", sched_getscheduler(number),
         getpriority(PRIO_PROCESS, number));
  return 0;
}
