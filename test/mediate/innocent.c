// innocent COUNT NAME [REST [UNTIL]]: makes and removes the directory NAME, COUNT times, and goes
// on until there is a file UNTIL; rests for REST milliseconds after each call. Prints how long the
// slowest of these calls took, in microseconds.
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

static long now(void) {
  struct timespec time;
  clock_gettime(CLOCK_MONOTONIC, &time);
  return time.tv_sec * 1000000 + time.tv_nsec / 1000;
}

int main(int argc, char **argv) {
  if (argc < 3) return 98;
  long slowest = 0;
  for (long i = 2 * atol(argv[1]); i > 0 || (argc > 4 && access(argv[4], F_OK)); i--) {
    long begin = now();
    if (i & 1 ? rmdir(argv[2]) : mkdir(argv[2], 0700)) return 97;
    long took = now() - begin;
    if (took > slowest) slowest = took;
    if (argc > 3) usleep(1000 * (useconds_t)atol(argv[3]));
  }
  printf("%ld\n", slowest);
  return 0;
}
