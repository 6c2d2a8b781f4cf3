// turns flood THREADS FILE: refused calls from many threads at once, counted in FILE (u64), until its second u64 is not 0.
// turns switch - FILE: calls until then, those that were refused and those that went on counted in the third and fourth u64.
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

static struct { _Atomic uint64_t calls, over, refused, went_on; } *shared;

static void *flood(void *unused) {
  while (!shared->over) { mkdir("shut/flood", 0700); shared->calls++; }
  return unused;
}

int main(int argc, char **argv) {
  if (argc < 4) return 98;
  long count = atol(argv[2]);
  int fd = open(argv[3], O_RDWR);
  shared = mmap(NULL, sizeof *shared, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
  if (shared == MAP_FAILED) return 97;
  if (!strcmp(argv[1], "flood")) {
    pthread_t *threads = calloc(count, sizeof *threads);
    for (long i = 0; i < count; i++) if (pthread_create(&threads[i], 0, flood, 0)) return 96;
    for (long i = 0; i < count; i++) pthread_join(threads[i], 0);
    return 0;
  }
  if (!strcmp(argv[1], "switch")) {
    while (!shared->over) if (chmod("shut/file", 0600) == 0) shared->went_on++; else if (errno == EACCES) shared->refused++; else _exit(94);
    return 0;
  }
  return 95;
}
