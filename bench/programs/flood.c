// flood THREADS MILLISECONDS NAMES FOLDER: opens what the domain has no grant for, file-0 to
// file-(NAMES-1) over and over. Prints how many calls there were and how many nanoseconds all of
// them took.
#define _GNU_SOURCE
#include <fcntl.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

static long long deadline;
static long names;
static const char *folder;

static long long now(void) {
  struct timespec t;
  clock_gettime(CLOCK_MONOTONIC, &t);
  return (long long)t.tv_sec * 1000000000 + t.tv_nsec;
}

static void *ask(void *first) {
  char path[4096];
  long calls = 0;
  for (; now() < deadline; calls++) {
    snprintf(path, sizeof path, "%s/file-%ld", folder, ((long)first + calls) % names);
    int fd = open(path, O_RDONLY);
    if (fd >= 0) close(fd);
  }
  return (void *)calls;
}

int main(int argc, char **argv) {
  if (argc != 5) return 2;
  long threads = atol(argv[1]), calls = 0;
  names = atol(argv[3]);
  folder = argv[4];
  pthread_t all[64];
  if (threads > 64 || names < 1) return 2;
  long long begin = now();
  deadline = begin + atoll(argv[2]) * 1000000;
  // Each begins elsewhere among the names.
  for (long i = 0; i < threads; i++)
    if (pthread_create(&all[i], 0, ask, (void *)(i * names / threads))) return 1;
  for (long i = 0; i < threads; i++) {
    void *made;
    pthread_join(all[i], &made);
    calls += (long)made;
  }
  printf("%ld %lld\n", calls, now() - begin);
  return 0;
}
