// hostile WAY FILE MARK [GATE]: has its mediator wait for it in the kernel. Sets MARK's first byte
// when it is about to ask, and ends when it has its answer, unless it asks again and again. With
// GATE, a FIFO, it waits until a process opens that before it asks. WAY:
//   page      a path that lies in a page of FILE, a file of a server which never sends it
//   memory    a path in memory whose page tables another thread keeps locked, again and again
//   inode     chmod of FILE while another thread allocates its blocks, again and again
#define _GNU_SOURCE
#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <unistd.h>

#define MAPPED ((size_t)4 << 30)
#define ALLOCATED ((off_t)1 << 30)
static int file;
static char *memory;
static volatile int begun;

static void mark(const char *path) {
  int fd = open(path, O_WRONLY);
  (void)!write(fd, ".", 1);
  close(fd);
}

static void *lock_memory(void *none) {
  for (int writable = 1;; writable = !writable) {
    begun = 1;
    mprotect(memory + 4096, MAPPED - 4096, PROT_READ | (writable ? PROT_WRITE : 0));
  }
  return none;
}

static void *lock_inode(void *none) {
  for (;;) {
    begun = 1;
    if (fallocate(file, 0, 0, ALLOCATED) || ftruncate(file, 0)) _exit(97);
  }
  return none;
}

static void beside(void *(*work)(void *)) {
  pthread_t thread;
  if (pthread_create(&thread, 0, work, 0)) _exit(96);
  while (!begun) usleep(100);
  usleep(10000);
}

int main(int argc, char **argv) {
  prctl(PR_SET_PDEATHSIG, SIGKILL);
  if (argc < 4) return 98;
  const char *way = argv[1];
  if (!strcmp(way, "page")) {
    file = open(argv[2], O_RDONLY);
    char *page = mmap(0, 4096, PROT_READ, MAP_SHARED, file, 0);
    if (page == MAP_FAILED) return 95;
    mark(argv[3]);
    if (argc > 4) close(open(argv[4], O_RDONLY));
    if (mkdir(page, 0700) == 0) return 0;
    perror("mkdir");
    return 1;
  }
  if (!strcmp(way, "memory")) {
    memory = mmap(0, MAPPED, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    if (memory == MAP_FAILED || madvise(memory, MAPPED, MADV_NOHUGEPAGE)) return 94;
    if (madvise(memory, MAPPED, MADV_POPULATE_READ)) return 94;
    beside(lock_memory);
    mark(argv[3]);
    for (;;) mkdir(memory, 0700);
  }
  if (!strcmp(way, "inode")) {
    file = open(argv[2], O_RDWR);
    beside(lock_inode);
    mark(argv[3]);
    for (;;) chmod(argv[2], 0600);
  }
  return 92;
}
