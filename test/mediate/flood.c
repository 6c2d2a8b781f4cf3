// flood THREADS CALLS same|different: refused chmods from many threads at once, of one name or of a
// new one each time. Prints "refused N other N".
#define _GNU_SOURCE
#include <errno.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

static long calls;
static int different;
static atomic_long refused, other, name;
static pthread_barrier_t together;

static void *work(void *unused) {
  char path[64] = "shut/file";
  pthread_barrier_wait(&together);
  for (long i = 0; i < calls; i++) {
    if (different) sprintf(path, "shut/%ld", atomic_fetch_add(&name, 1));
    if (mkdir(path, 0700) < 0 && errno == EACCES) refused++; else other++;
  }
  return unused;
}

int main(int argc, char **argv) {
  if (argc < 4) return 98;
  long count = atol(argv[1]);
  calls = atol(argv[2]);
  different = !strcmp(argv[3], "different");
  pthread_attr_t small;
  pthread_attr_init(&small);
  pthread_attr_setstacksize(&small, 64 * 1024);
  pthread_barrier_init(&together, 0, count);
  pthread_t *threads = calloc(count, sizeof *threads);
  for (long i = 0; i < count; i++) if (pthread_create(&threads[i], &small, work, 0)) return 97;
  for (long i = 0; i < count; i++) pthread_join(threads[i], 0);
  printf("refused %ld other %ld\n", refused, other);
  return 0;
}
