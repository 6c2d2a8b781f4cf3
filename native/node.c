#include "node.h"

#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "options.h"
#include "report.h"

/* Descriptors to hand over wait here, above every number they are handed at. */
#define HANDED_FLOOR 16

static bool begins(const char *text, const char *prefix)
{
  return strncmp(text, prefix, strlen(prefix)) == 0;
}

void node_become(char **argv)
{
  size_t count = 0;
  while (argv[count] != NULL)
    count++;
  char **arguments = calloc(count + 2, sizeof *arguments);
  if (arguments == NULL)
    refuse("make room for the arguments", NULL, ENOMEM, NULL);
  arguments[0] = NODE_PATH_ABS;
  arguments[1] = DIST_DIR "/cofferdam.js";
  if (count > 1)
    memcpy(arguments + 2, argv + 1, (count - 1) * sizeof *arguments);
  size_t kept = 0;
  for (char **variable = environ; *variable != NULL; variable++)
    if (!begins(*variable, "NODE_OPTIONS=") && !begins(*variable, "NODE_PATH=") && !begins(*variable, "LD_"))
      environ[kept++] = *variable;
  environ[kept] = NULL;
  execve(NODE_PATH_ABS, arguments, environ);
  refuse("start the command line", NODE_PATH_ABS, errno, "build again: node moved since bin/cofferdam was built");
}

int fork_quietly(unsigned long flags)
{
  return (int)syscall(SYS_clone, flags, NULL, NULL, NULL, 0);
}

int wait_for(int process)
{
  int status = 0;
  while (waitpid(process, &status, __WALL) < 0 && errno == EINTR)
    continue;
  return status;
}

void signals_default(void)
{
  struct sigaction action = {.sa_handler = SIG_DFL};
  for (int number = 1; number < NSIG; number++)
    sigaction(number, &action, NULL); /* refused for SIGKILL, SIGSTOP and libc's own, which are as they must be */
  sigset_t none;
  sigemptyset(&none);
  sigprocmask(SIG_SETMASK, &none, NULL);
}

/* The caller's variables that a program of ours may see; none that changes what it executes. */
static void environment_clean(void)
{
  static const char *const kept_names[] = {"PATH=", "HOME=", "TERM=", "LANG=", "NO_COLOR=", "XDG_"};
  size_t kept = 0;
  for (char **variable = environ; *variable != NULL; variable++)
    for (size_t i = 0; i < sizeof kept_names / sizeof *kept_names; i++)
      if (begins(*variable, kept_names[i])) {
        environ[kept++] = *variable;
        break;
      }
  environ[kept] = NULL;
}

_Noreturn static void child(const char *const *arguments, int output, const struct handed *handed, int count)
{
  int high[2] = {-1, -1};
  for (int i = 0; i < count; i++)
    high[i] = fcntl(handed[i].from, F_DUPFD_CLOEXEC, HANDED_FLOOR);
  int silence = open("/dev/null", O_RDONLY | O_CLOEXEC);
  bool good = silence >= 0 && dup2(output, STDOUT_FILENO) >= 0 && dup2(silence, STDIN_FILENO) >= 0;
  int first = STDERR_FILENO + 1;
  for (int i = 0; i < count; i++, first++)
    good = good && high[i] >= 0 && dup2(high[i], handed[i].at) >= 0;
  if (good && syscall(SYS_close_range, first, ~0u, 0) == 0)
    execve(NODE_PATH_ABS, (char *const *)arguments, environ);
  refuse("start node", NODE_PATH_ABS, errno, "build again if node moved since bin/cofferdam was built");
}

int node_child(const char *step, const char *const *arguments, int output, const struct handed *handed, int count,
               int wait)
{
  int between = fork_quietly(0);
  if (between < 0)
    refuse(step, NODE_PATH_ABS, errno, "raise the limit of processes (ulimit -u)");
  if (between > 0)
    return wait_for(between);
  signals_default();
  int process = fork_quietly(0);
  if (process < 0)
    refuse(step, NODE_PATH_ABS, errno, "raise the limit of processes (ulimit -u)");
  if (process == 0) {
    environment_clean();
    child(arguments, output, handed, count);
  }
  int status = wait ? wait_for(process) : 0;
  _exit(WIFEXITED(status) ? WEXITSTATUS(status) : EXIT_REFUSED);
}
