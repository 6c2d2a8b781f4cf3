// latency CALLS: microseconds a call of two kinds, each the median of its rounds: a chmod that the mediator does, and a prlimit of its own that it lets go on.
// Prints "brokered N continued N".
#define _GNU_SOURCE
#include <stdio.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <time.h>

enum { ROUNDS = 15 };

static int brokered(void) { return chmod("open/file", 0600); }
static struct rlimit limit;
static int continued(void) { return setrlimit(RLIMIT_CORE, &limit); }

static double now(void) {
  struct timespec t;
  clock_gettime(CLOCK_MONOTONIC, &t);
  return t.tv_sec * 1e6 + t.tv_nsec / 1e3;
}

static int less(const void *a, const void *b) { return *(const double *)a < *(const double *)b ? -1 : 1; }

static double median(int (*call)(void), long calls) {
  double rounds[ROUNDS];
  for (int round = 0; round < ROUNDS; round++) {
    double began = now();
    for (long i = 0; i < calls; i++) if (call() != 0) { perror("latency"); exit(97); }
    rounds[round] = (now() - began) / calls;
  }
  qsort(rounds, ROUNDS, sizeof *rounds, less);
  return rounds[ROUNDS / 2];
}

int main(int argc, char **argv) {
  long calls = argc < 2 ? 1000 : atol(argv[1]);
  getrlimit(RLIMIT_CORE, &limit);
  double first = median(brokered, calls);
  printf("brokered %.1f continued %.1f\n", first, median(continued, calls));
  return 0;
}
