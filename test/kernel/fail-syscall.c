// Runs a program under a filter that makes chosen system calls fail, as on a kernel that lacks
// them.
//   fail-syscall ERRNO NR[:ARGUMENT:MASK] -- PROGRAM ARGUMENT...
// With ARGUMENT (0-5) and MASK the call fails only if that argument's low 32 bits have one of the
// mask's bits; with `=` before the mask only if they are equal to it.
#include <errno.h>
#include <linux/audit.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <unistd.h>

int main(int argc, char **argv) {
  if (argc < 5 || strcmp(argv[3], "--")) {
    fprintf(stderr, "usage: fail-syscall ERRNO NR[:ARGUMENT:MASK] -- PROGRAM...\n");
    return 2;
  }
  char *rest;
  unsigned error = strtoul(argv[1], NULL, 0), nr = strtoul(argv[2], &rest, 0);
  unsigned argument = 0, mask = 0;
  int conditional = *rest == ':', equal = 0;
  if (conditional) {
    argument = strtoul(rest + 1, &rest, 0);
    equal = rest[1] == '=';
    mask = strtoul(rest + 1 + equal, NULL, 0);
  }
  unsigned low = offsetof(struct seccomp_data, args) + 8 * argument;
  unsigned short test = equal ? BPF_JMP | BPF_JEQ | BPF_K : BPF_JMP | BPF_JSET | BPF_K;
  struct sock_filter always[] = {
      BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, nr)),
      BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, nr, 0, 1),
      BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | error),
      BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
  };
  struct sock_filter sometimes[] = {
      BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, nr)),
      BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, nr, 0, 3),
      BPF_STMT(BPF_LD | BPF_W | BPF_ABS, low),
      {test, 0, 1, mask},
      BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | error),
      BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
  };
  struct sock_fprog program = {sizeof always / sizeof *always, always};
  if (conditional) program = (struct sock_fprog){sizeof sometimes / sizeof *sometimes, sometimes};
  // As root no no_new_privs is needed, and none is set: it would be a second change to what the
  // program sees.
  if (geteuid() && prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0)) return perror("no_new_privs"), 2;
  if (prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &program)) return perror("seccomp"), 2;
  execvp(argv[4], argv + 4);
  perror(argv[4]);
  return 127;
}
