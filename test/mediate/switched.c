// switched FILE: asks until FILE's second u64 is not 0; calls that were refused and those that went
// on are counted in its third and fourth.
#include <errno.h>
#include <fcntl.h>
#include <stdatomic.h>
#include <stdint.h>
#include <sys/mman.h>
#include <sys/stat.h>

static struct { _Atomic uint64_t unused, over, refused, went_on; } *shared;

int main(int argc, char **argv) {
  if (argc < 2) return 98;
  shared = mmap(0, sizeof *shared, PROT_READ | PROT_WRITE, MAP_SHARED, open(argv[1], O_RDWR), 0);
  if (shared == MAP_FAILED) return 97;
  while (!shared->over)
    if (chmod("shut/file", 0600) == 0) shared->went_on++;
    else if (errno == EACCES) shared->refused++;
    else return 94;
  return 0;
}
