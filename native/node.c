#include "launcher.h"

/* Limit on the descriptors that a Node program gets, from 3 on. */
#define HANDED_MAX 7
/* For the largest of Cofferdam's programs: a mediator needs one per call in hand and some more. */
#define NODE_DESCRIPTORS 4096
/* Stack of Node's main thread, in bytes: the default of Linux. */
#define NODE_STACK_SIZE (8 * 1024 * 1024)
#define STACK_SIZE (64 * 1024)

/* Keeps the variables that begin with one of `prefixes`, or the others. */
static void environment_filter(const char *const *prefixes, bool keep)
{
  size_t kept = 0;
  for (char **variable = environ; *variable != NULL; variable++) {
    bool listed = false;
    for (const char *const *prefix = prefixes; *prefix != NULL; prefix++)
      listed |= strncmp(*variable, *prefix, strlen(*prefix)) == 0;
    if (listed == keep)
      environ[kept++] = *variable;
  }
  environ[kept] = NULL;
}

static size_t length(const char *const *list)
{
  size_t count = 0;
  while (list[count] != NULL)
    count++;
  return count;
}

const char *const *node_arguments(const char *program, const char *const *first,
                                  const char *const *rest)
{
  const size_t begin = length(first), end = length(rest);
  const char **all = calloc(begin + end + 3, sizeof *all);
  need(all != NULL, "make room for the arguments", NULL, NULL);
  all[0] = NODE_PATH_ABS;
  all[1] = program;
  memcpy(all + 2, first, begin * sizeof *all);
  memcpy(all + 2 + begin, rest, end * sizeof *all);
  return all;
}

void node_become(char **argv, const char *name)
{
  static const char *const changing_node[] = {"NODE_", "LD_", "GLIBC_TUNABLES=", "OPENSSL_", NULL};
  const char *const *rest = (const char *const *)argv;
  const char *const as[] = {name == NULL ? NULL : joined("--as=", name, ""), NULL};
  const char *const *arguments = node_arguments(COMMAND_LINE, as, *rest == NULL ? rest : rest + 1);
  environment_filter(changing_node, false);
  execve(NODE_PATH_ABS, (char *const *)arguments, environ);
  refuse("start the command line", NODE_PATH_ABS, errno,
         "build again: node moved since bin/cofferdam was built");
}

static void signals_default(void)
{
  struct sigaction action = {.sa_handler = SIG_DFL};
  for (int number = 1; number < NSIG; number++)
    sigaction(number, &action, NULL); /* fails for SIGKILL, SIGSTOP and libc's own: no matter */
  sigset_t none;
  sigemptyset(&none);
  sigprocmask(SIG_SETMASK, &none, NULL);
}

/* A service's limits are for its daemon. The programs that make its plan and judge its calls need
   more, and a probe that found no room would cost the plan a feature. For the limits of a unit's
   control group they leave it (cgroup_leave_unit). If a hard limit may not be raised, the soft one
   is raised to it. */
static void limits_raise(void)
{
  static const struct {
    __rlimit_resource_t resource;
    rlim_t least;
  } needs[] = {
      {RLIMIT_AS, RLIM_INFINITY},           {RLIMIT_CPU, RLIM_INFINITY},
      {RLIMIT_DATA, RLIM_INFINITY},         {RLIMIT_STACK, NODE_STACK_SIZE},
      {RLIMIT_NOFILE, NODE_DESCRIPTORS},
  };
  for (size_t i = 0; i < sizeof needs / sizeof *needs; i++) {
    struct rlimit limit;
    if (getrlimit(needs[i].resource, &limit) != 0 || limit.rlim_cur >= needs[i].least)
      continue;
    rlim_t most = limit.rlim_max < needs[i].least ? needs[i].least : limit.rlim_max;
    if (setrlimit(needs[i].resource, &(struct rlimit){needs[i].least, most}) != 0)
      setrlimit(needs[i].resource, &(struct rlimit){limit.rlim_max, limit.rlim_max});
  }
}

void node_execute(const char *const *arguments, char **environment, const int *handed, int count)
{
  const int first = STDERR_FILENO + 1;
  int high[HANDED_MAX];
  bool good = count <= HANDED_MAX;
  for (int i = 0; good && i < count; i++)
    good = (high[i] = fcntl(handed[i], F_DUPFD_CLOEXEC, first + count)) >= 0;
  for (int i = 0; good && i < count; i++)
    good = dup2(high[i], first + i) >= 0;
  signals_default();
  limits_raise();
  cgroup_leave_unit();
  if (good && syscall(SYS_close_range, first + count, ~0u, 0) == 0)
    execve(NODE_PATH_ABS, (char *const *)arguments, environment);
  const char *unreachable = "domains have no access to it: start this from outside any domain";
  refuse("start node", NODE_PATH_ABS, errno,
         errno == EACCES ? unreachable : "build again if node moved");
}

static int wait_for(int process)
{
  int status = 0;
  while (waitpid(process, &status, __WALL) < 0 && errno == EINTR)
    continue;
  return status;
}

struct birth {
  unsigned long flags;
  bool wait;
  void (*body)(void *);
  void *argument;
  int error, result;
};

/* A process in between. It runs in the launcher's memory while the launcher waits, as after
   vfork(2), and reports the result in `birth`. */
static int between(void *argument)
{
  struct birth *birth = argument;
  sigset_t every;
  sigfillset(&every);
  if (birth->wait)
    signals_default(); /* if SIGCHLD were ignored, there would be nothing to wait for */
  else /* signals for the daemon must not reach it before it stands apart */
    sigprocmask(SIG_SETMASK, &every, NULL);
  int process = (int)syscall(SYS_clone, birth->flags, NULL, NULL, NULL, 0);
  if (process == 0)
    birth->body(birth->argument);
  if (process < 0)
    birth->error = errno;
  else
    birth->result = birth->wait ? wait_for(process) : process;
  _exit(0);
}

int grandchild(const char *step, unsigned long flags, bool wait, void (*body)(void *),
               void *argument)
{
  static _Alignas(16) char stack[STACK_SIZE];
  struct birth birth = {flags, wait, body, argument, 0, 0};
  int reaper = 0;
  /* The launcher may be a subreaper. A grandchild must not become its child, which the daemon would
     not expect. */
  if (prctl(PR_GET_CHILD_SUBREAPER, &reaper, 0, 0, 0) == 0 && reaper != 0)
    prctl(PR_SET_CHILD_SUBREAPER, 0, 0, 0, 0);
  int process = clone(between, stack + sizeof stack, (int)flags | CLONE_VM | CLONE_VFORK, &birth);
  if (process < 0)
    birth.error = errno;
  else if (wait_for(process) != 0)
    birth.error = EINTR; /* killed, perhaps after the birth */
  if (reaper != 0)
    prctl(PR_SET_CHILD_SUBREAPER, reaper, 0, 0, 0);
  if (birth.error != 0)
    refuse(step, "clone", birth.error, "raise the limit of processes (ulimit -u)");
  return birth.result;
}

struct node {
  const char *const *arguments;
  int output;
  const int *handed;
  int handed_count;
};

static void node_body(void *argument)
{
  static const char *const harmless[] = {"PATH=",     "HOME=", "TERM=", "LANG=",
                                         "NO_COLOR=", "XDG_",  NULL};
  const struct node *node = argument;
  int silence = open("/dev/null", O_RDONLY | O_CLOEXEC);
  need(silence >= 0 && dup2(node->output, STDOUT_FILENO) >= 0 && dup2(silence, STDIN_FILENO) >= 0,
       "start node", "/dev/null", NULL);
  environment_filter(harmless, true);
  node_execute(node->arguments, environ, node->handed, node->handed_count);
}

int node_start(const char *step, const char *const *arguments, int output, const int *handed,
               int handed_count, bool wait)
{
  struct node node = {arguments, output, handed, handed_count};
  return grandchild(step, 0, wait, node_body, &node);
}
