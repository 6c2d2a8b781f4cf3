// A race: one thread flips what the other one's system call points at. The broker may refuse or
// serve either value, but must never act on the one that the policy does not grant.
#pragma once
#include "../programs/attack.h"
#include <stdatomic.h>

static atomic_int stop_flipping;
// Flips `size` bytes (a multiple of 8) at `where` between two values until told to stop.
struct flip { volatile uint64_t *where; const uint64_t *a, *b; size_t words; };
static void *flipper(void *data) {
  struct flip *f = data;
  while (!atomic_load_explicit(&stop_flipping, memory_order_relaxed)) {
    for (size_t i = 0; i < f->words; i++) f->where[i] = f->a[i];
    for (volatile int i = 0; i < 20; i++) { }
    for (size_t i = 0; i < f->words; i++) f->where[i] = f->b[i];
    for (volatile int i = 0; i < 20; i++) { }
  }
  return 0;
}
static inline long tries(void) { return number("ATTACK_TRIES"); }
static inline int exists(const char *path) { struct stat s; return lstat(path, &s) == 0; }

// Runs `body` while `path` (a buffer of 4096 bytes) flips between two names of equal use.
#define PATH_BYTES 512
static inline pthread_t flip_paths(char *path, const char *a, const char *b) {
  static char va[PATH_BYTES] __attribute__((aligned(8))),
      vb[PATH_BYTES] __attribute__((aligned(8)));
  static struct flip f;
  strncpy(va, a, PATH_BYTES - 1);
  strncpy(vb, b, PATH_BYTES - 1);
  // Only the words that differ, so that no half-written name is seen: the names differ in their
  // last 8 bytes at most.
  f = (struct flip){(volatile uint64_t *)path, (const uint64_t *)va, (const uint64_t *)vb,
      PATH_BYTES / 8};
  memcpy(path, va, PATH_BYTES);
  pthread_t t;
  NEED(-pthread_create(&t, 0, flipper, &f));
  return t;
}
static inline void report(long served, long refused_calls) {
  printf("served %ld, refused %ld\n", served, refused_calls);
}
// Reads a byte of whatever `open_one` gives, until there is one; prints what came of it, and
// returns whether there was.
static inline long bytes_read(int (*open_one)(void), long count) {
  long ok = 0, no = 0, read_one = 0;
  for (long i = 0; i < count && !read_one; i++) {
    int fd = open_one();
    char c;
    if (fd < 0) { no++; continue; }
    ok++;
    if (read(fd, &c, 1) == 1) read_one++;
    close(fd);
  }
  report(ok, no);
  return read_one;
}
