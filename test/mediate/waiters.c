// waiters COUNT PATH: as many threads as COUNT make a name that never answers; ends when one in
// four was told to come again. Prints "again N other N".
#include <errno.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

static atomic_long again, other;
static const char *path;

static void *work(void *unused) {
  if (mkdir(path, 0700) < 0 && errno == EAGAIN) again++; else other++;
  return unused;
}

int main(int argc, char **argv) {
  if (argc < 3) return 98;
  long count = atol(argv[1]);
  path = argv[2];
  pthread_t thread;
  for (long i = 0; i < count; i++) if (pthread_create(&thread, 0, work, 0)) return 97;
  while (again < count / 4) usleep(1000);
  printf("again %ld other %ld\n", again, other);
  fflush(stdout);
  _exit(0);
}
