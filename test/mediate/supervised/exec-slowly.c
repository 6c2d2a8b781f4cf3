// exec-slowly WHAT: a child executes ./slow/program, this very program on another file system. Its
// process id is written into the file `child`.
//
//   late    meanwhile other children execute ./program; then the child's status
//   never   the same, but that the child is killed, which the kernel lets it feel when the file
//           system is gone
//   alone   the child's status
//   holder  the same, then an execution of its own
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#define OTHERS 20
#define STATUS 7
#define NEVER_US 500000

int main(int argc, char **argv) {
  char *const loud[] = {"program", "executed", 0}, *const quiet[] = {"program", "quiet", 0};
  char *const none[] = {0};
  const char *what = argc > 1 ? argv[1] : "";
  int status, ran = 0, holder = !strcmp(what, "holder"), alone = holder || !strcmp(what, "alone");
  if (!strcmp(what, "quiet")) return STATUS;
  if (!strcmp(what, "executed")) { puts("executed"); return STATUS; }
  pid_t child = fork();
  if (child == 0) { execve("./slow/program", loud, none); perror("slow"); _exit(99); }
  int file = open("child", O_CREAT | O_WRONLY, 0600);
  dprintf(file, "%d\n", child);
  close(file);
  if (!strcmp(what, "never")) usleep(NEVER_US);
  for (int i = 0; !alone && i < OTHERS; i++) {
    pid_t other = vfork();
    if (other == 0) { execve("./program", quiet, none); _exit(99); }
    waitpid(other, &status, 0);
    if (status == STATUS << 8) ran++;
  }
  if (!alone) { printf("others ran %d\n", ran); fflush(stdout); }
  if (!strcmp(what, "never")) { kill(child, 9); return 0; }
  waitpid(child, &status, 0);
  printf("status %x\n", status);
  fflush(stdout);
  if (!holder) return 0;
  usleep(100000);
  execve("./program", loud, none);
  printf("refused: %s\n", strerror(errno));
  return 0;
}
