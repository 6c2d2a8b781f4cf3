// Processes that wait, and open one file each time they are told to:
//   many PROCESSES FILE
// Answers each line of its standard input with the opens that were granted and that were refused,
// one of each process: `GRANTED REFUSED`. It forks at the first line.
#define _GNU_SOURCE
#include <fcntl.h>
#include <limits.h>
#include <linux/futex.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>

static struct {
  volatile unsigned turn, granted, refused;
} *seen;

static _Noreturn void open_each_turn(const char *name) {
  prctl(PR_SET_PDEATHSIG, SIGKILL);
  for (unsigned turn = 0;; turn++) {
    while (seen->turn == turn) syscall(SYS_futex, &seen->turn, FUTEX_WAIT, turn, 0, 0, 0);
    int fd = open(name, O_RDONLY);
    __sync_fetch_and_add(fd < 0 ? &seen->refused : &seen->granted, 1);
    if (fd >= 0) close(fd);
  }
}

int main(int argc, char **argv) {
  char line[64];
  if (argc != 3) return 2;
  unsigned processes = atoi(argv[1]);
  seen = mmap(0, 4096, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
  while (fgets(line, sizeof line, stdin)) {
    for (unsigned i = 0; seen->turn == 0 && i < processes; i++) {
      pid_t child = fork();
      if (child < 0) return 1;
      if (child == 0) open_each_turn(argv[2]);
    }
    seen->granted = seen->refused = 0;
    __sync_fetch_and_add(&seen->turn, 1);
    syscall(SYS_futex, &seen->turn, FUTEX_WAKE, INT_MAX, 0, 0, 0);
    while (seen->granted + seen->refused < processes) usleep(1000);
    printf("%u %u\n", seen->granted, seen->refused);
    fflush(stdout);
  }
  return 0;
}
