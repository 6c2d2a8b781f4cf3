/* fail-syscall NUMBER ERRNO [ARGUMENT VALUE] -- CMD...: executes CMD under a filter in which
   that system call (with that value in the low half of that argument) fails with ERRNO. As root
   without no_new_privs, so that the launcher still has its choice. */
#include <errno.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>

int main(int argc, char **argv)
{
  int command = 1;
  while (command < argc && strcmp(argv[command], "--") != 0)
    command++;
  if (command != 3 && command != 5)
    return 2;
  unsigned number = (unsigned)atoi(argv[1]), error = (unsigned)atoi(argv[2]);
  unsigned argument = command == 5 ? (unsigned)atoi(argv[3]) : 0;
  unsigned value = command == 5 ? (unsigned)strtoul(argv[4], NULL, 0) : 0;
  struct sock_filter filter[] = {
      BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, nr)),
      BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, number, 0, 3),
      BPF_STMT(BPF_LD | BPF_W | BPF_ABS,
               (unsigned)offsetof(struct seccomp_data, args) + 8 * argument),
      BPF_JUMP(BPF_JMP | (command == 5 ? BPF_JEQ : BPF_JGE) | BPF_K, value, 0, 1),
      BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | error),
      BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
  };
  struct sock_fprog program = {sizeof filter / sizeof *filter, filter};
  if (geteuid() != 0)
    prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0);
  if (syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, 0, &program) != 0)
    return perror("seccomp"), 2;
  execv(argv[command + 1], argv + command + 1);
  return perror(argv[command + 1]), 2;
}
