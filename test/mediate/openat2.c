// openat2 with generated structures, one line of output each: openat2 SEED COUNT. Every call comes
// out the same on an equal tree, from the kernel and from the mediator.
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <linux/openat2.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

// openat2(2): something was renamed anywhere on the host meanwhile.
#define TRIES_MAX 1000

static uint64_t state;

static unsigned below(unsigned limit) {
  state = state * 6364136223846793005u + 1442695040888963407u;
  return (unsigned)(state >> 33) % limit;
}
static int one_in(unsigned number) { return below(number) == 0; }

// From the tree.
static const char *const from_tree[] = {
    "file", "dir", "dir/inner", "dir/./inner", "dir/../file", "to-file", "to-dir",
    "to-dir/inner", "to-dir/", "dangling", "ring-a", "file/", "dir/", "new", "new/", "dir/new",
    "none/x", "file/x", "readonly/inner", "readonly/new", "closed/inner", "closed/new",
    "setgid/new", "foreign", ".", "", "foreign-dir/x", "sticky/foreign", "sticky/link",
    "sticky/new", "dir//inner", "fifo", "made-1", "made-2",
};
// From `dir`, which is the root with RESOLVE_IN_ROOT. `absolute` leads to `/inner`.
static const char *const from_dir[] = {
    "inner", "..", "../file", "../dir/inner", "../../none", "up", "up/file", "absolute",
    "/inner", "/", "new", "../made-1", "./", "up/dir/inner",
};
#define SOME(list) list[below(sizeof list / sizeof *list)]

static uint64_t some_flags(void) {
  static const struct { uint64_t bits; unsigned one_in; } all[] = {
      {O_CREAT, 3},    {O_EXCL, 6},     {O_TRUNC, 5},    {O_APPEND, 8},   {O_DIRECTORY, 9},
      {O_NOFOLLOW, 6}, {O_CLOEXEC, 3},  {O_TMPFILE, 12}, {O_NOATIME, 20}, {O_SYNC, 20},
      {040, 40},       {1ull << 40, 60}, {O_NOCTTY, 20}, {O_ASYNC, 60},
  };
  uint64_t flags = O_NONBLOCK | below(3);
  for (size_t i = 0; i < sizeof all / sizeof *all; i++)
    if (one_in(all[i].one_in)) flags |= all[i].bits;
  return flags;
}

// Without set-id bits, which are refused.
static uint64_t some_mode(uint64_t flags) {
  static const uint64_t modes[] = {0600, 0644, 0777, 01755, 0, 0640, 010000};
  if (flags & (O_CREAT | (O_TMPFILE & ~O_DIRECTORY))) return SOME(modes);
  return one_in(25) ? 0644 : 0;
}

static uint64_t some_resolve(uint64_t flags) {
  uint64_t resolve = 0;
  for (uint64_t bit = 1; bit <= RESOLVE_IN_ROOT; bit <<= 1)
    if (one_in(5)) resolve |= bit;
  if (one_in(60)) resolve |= 0x40;
  // Without O_CREAT it says what the kernel has at hand.
  return flags & O_CREAT && one_in(15) ? resolve | RESOLVE_CACHED : resolve;
}

static void say(long fd) {
  struct stat status;
  char text[64] = "";
  int flags = fcntl(fd, F_GETFL);
  fstat(fd, &status);
  printf(" -> opened %o %d %o", flags & ~0100000, fcntl(fd, F_GETFD), status.st_mode);
  if (!S_ISDIR(status.st_mode)) printf(" %ld", (long)status.st_size);
  if ((flags & O_ACCMODE) != O_RDONLY && write(fd, "x", 1) == 1) printf(" written");
  if ((flags & O_ACCMODE) == O_RDONLY && S_ISREG(status.st_mode))
    printf(" %zd", read(fd, text, sizeof text));
  close(fd);
}

static void try_one(int dir) {
  static const size_t sizes[] = {0, 8, 16, 23, 32, 40, 4096, 4097, 5000, 1ul << 40};
  union { struct open_how how; unsigned char bytes[8192]; } wanted = {0};
  uint64_t flags = some_flags(), resolve = some_resolve(flags);
  int is_below = one_in(3) || (resolve & (RESOLVE_BENEATH | RESOLVE_IN_ROOT)) != 0;
  const char *path = is_below ? SOME(from_dir) : SOME(from_tree);
  // Beyond the tree lies what is not granted.
  if (strchr("/a", path[0]) || strcmp(path, "../../none") == 0)
    resolve |= one_in(2) ? RESOLVE_IN_ROOT : RESOLVE_BENEATH;
  uint64_t mode = some_mode(flags);
  wanted.how = (struct open_how){.flags = flags, .mode = mode, .resolve = resolve};
  size_t size = one_in(8) ? SOME(sizes) : sizeof wanted.how;
  if (one_in(3)) wanted.bytes[24 + below(40)] = 1;
  struct open_how *how = one_in(50) ? (void *)8 : &wanted.how;
  int from = is_below ? dir : one_in(40) ? 99 : AT_FDCWD;
  long result = -1;
  int tries = flags & O_CREAT && resolve & RESOLVE_CACHED ? 1 : TRIES_MAX;
  while (tries-- > 0 && (result = syscall(SYS_openat2, from, path, how, size)) < 0 &&
         errno == EAGAIN)
    continue;
  printf("%s%s flags %lo mode %lo", is_below ? "dir: " : "", path, flags, mode);
  printf(" resolve %lx size %zu", resolve, size);
  if (result >= 0) say(result);
  else printf(" -> %s", strerrorname_np(errno));
  printf("\n");
}

int main(int argc, char **argv) {
  if (argc != 3) return 2;
  state = strtoull(argv[1], NULL, 10);
  umask(027);
  int dir = open("dir", O_PATH | O_DIRECTORY);
  for (int left = atoi(argv[2]); left > 0; left--) try_one(dir);
  return 0;
}
