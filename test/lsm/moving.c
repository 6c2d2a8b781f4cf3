// A process that opens a file in a folder which another process moves meanwhile:
//   moving FOLDER
// The file is FOLDER/a/q/f or FOLDER/b/p/f, never FOLDER/a/p/f or FOLDER/b/q/f. Answers each line
// of its standard input, a number of opens, with those that were granted: `GRANTED`.
#define _GNU_SOURCE
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <unistd.h>

static _Noreturn void move_on(void) {
  prctl(PR_SET_PDEATHSIG, SIGKILL);
  for (;;)
    if (rename("a/q", "b/p") || rename("b/p", "a/q")) exit(1);
}

int main(int argc, char **argv) {
  char line[64];
  if (argc != 2 || chdir(argv[1])) return 2;
  int folder = open("a/q", O_RDONLY | O_DIRECTORY);
  if (folder < 0) return 2;
  pid_t mover = fork();
  if (mover == 0) move_on();
  while (fgets(line, sizeof line, stdin)) {
    long granted = 0;
    for (long left = atol(line); left > 0; left--) {
      int file = openat(folder, "f", O_RDONLY);
      if (file < 0) continue;
      granted++;
      close(file);
    }
    printf("%ld\n", granted);
    fflush(stdout);
  }
  kill(mover, SIGKILL);
  return 0;
}
