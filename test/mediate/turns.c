// turns THREADS FILE NAME: makes NAME0; says its process id in FILE (u64); once FILE's second u64
// is not 0, each of the threads makes one of NAME1, NAME2, ...
#include <fcntl.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

static struct { _Atomic uint64_t pid, begin; } *shared;
static const char *name;

static void *ask(void *number) {
  char path[4096];
  snprintf(path, sizeof path, "%s%ld", name, (long)number);
  while (!shared->begin) usleep(1000);
  return (void *)(long)mkdir(path, 0700);
}

int main(int argc, char **argv) {
  if (argc < 4) return 98;
  long count = atol(argv[1]);
  name = argv[3];
  shared = mmap(0, sizeof *shared, PROT_READ | PROT_WRITE, MAP_SHARED, open(argv[2], O_RDWR), 0);
  if (shared == MAP_FAILED) return 97;
  pthread_t *threads = calloc(count, sizeof *threads);
  for (long i = 0; i < count; i++)
    if (pthread_create(&threads[i], 0, ask, (void *)(i + 1))) return 96;
  char first[4096];
  snprintf(first, sizeof first, "%s0", name);
  if (mkdir(first, 0700)) return 95;
  shared->pid = (uint64_t)getpid();
  for (long i = 0; i < count; i++) {
    void *result;
    pthread_join(threads[i], &result);
    if (result) return 94;
  }
  return 0;
}
