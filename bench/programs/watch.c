// watch PATH: opens and closes PATH without end. Whenever it begins or ceases to be refused, a line
// with 1 (granted) or 0 and CLOCK_MONOTONIC in nanoseconds.
#include <fcntl.h>
#include <stdio.h>
#include <time.h>
#include <unistd.h>

int main(int argc, char **argv) {
  if (argc != 2) return 2;
  for (int before = -1;;) {
    int fd = open(argv[1], O_RDONLY), granted = fd >= 0;
    if (granted) close(fd);
    if (granted == before) continue;
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    printf("%d %lld\n", granted, (long long)now.tv_sec * 1000000000 + now.tv_nsec);
    fflush(stdout);
    before = granted;
  }
}
