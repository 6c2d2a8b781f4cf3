/* Prints what a process gets from its caller over execve. */
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

int main(void)
{
  char line[256];
  sigset_t blocked, pending;
  sigprocmask(SIG_SETMASK, NULL, &blocked);
  sigpending(&pending);
  printf("signals ignored:");
  for (int i = 1; i < NSIG; i++) {
    struct sigaction action;
    if (sigaction(i, NULL, &action) == 0 && action.sa_handler == SIG_IGN)
      printf(" %d", i);
  }
  printf("\nblocked:");
  for (int i = 1; i < NSIG; i++)
    if (sigismember(&blocked, i) == 1)
      printf(" %d", i);
  printf("\npending:");
  for (int i = 1; i < NSIG; i++)
    if (sigismember(&pending, i) == 1)
      printf(" %d", i);
  printf("\numask %o nice %d session %d\n", umask(0), getpriority(PRIO_PROCESS, 0),
         getsid(0) == getpid());
  for (int i = 0; i < RLIM_NLIMITS; i++) {
    struct rlimit limit;
    getrlimit(i, &limit);
    printf("limit %d %lu %lu\n", i, (unsigned long)limit.rlim_cur, (unsigned long)limit.rlim_max);
  }
  for (int i = 0; i < 3; i++)
    printf("descriptor %d flags %o\n", i, fcntl(i, F_GETFL));
  FILE *status = fopen("/proc/self/status", "r");
  while (status != NULL && fgets(line, sizeof line, status) != NULL)
    if (strncmp(line, "Cpus_allowed:", 13) == 0 || strncmp(line, "Groups:", 7) == 0 ||
        strncmp(line, "Uid:", 4) == 0)
      printf("%s", line);
  return 0;
}
