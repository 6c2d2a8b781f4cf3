#include "launcher.h"

/* Descriptors that one of our programs finds at most, from 3 on. */
#define HANDED_MAX 7
/* Descriptors that the greatest of our programs may need: a mediator, one for each call in its
   hands and some more. */
#define NODE_DESCRIPTORS 4096
/* Stack of Node's main thread, in bytes: what Linux gives where nobody says otherwise. */
#define NODE_STACK_SIZE (8 * 1024 * 1024)
/* Stack of a grandchild's parent and of the holder, in bytes. */
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

const char *const *node_arguments(const char *program, const char *const *first, const char *const *rest)
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
  const char *const *rest = (const char *const *)argv, *as[] = {name == NULL ? NULL : joined("--as=", name, ""), NULL};
  const char *const *arguments = node_arguments(COMMAND_LINE, as, *rest == NULL ? rest : rest + 1);
  environment_filter(changing_node, false);
  execve(NODE_PATH_ABS, (char *const *)arguments, environ);
  refuse("start the command line", NODE_PATH_ABS, errno, "build again: node moved since bin/cofferdam was built");
}

/* Every signal as a new program expects it: default and unblocked. */
static void signals_default(void)
{
  struct sigaction action = {.sa_handler = SIG_DFL};
  for (int number = 1; number < NSIG; number++)
    sigaction(number, &action, NULL); /* refused for SIGKILL, SIGSTOP and libc's own, which are as they must be */
  sigset_t none;
  sigemptyset(&none);
  sigprocmask(SIG_SETMASK, &none, NULL);
}

/* A service's limits are for its daemon. What makes its plan or judges its calls is bigger, and
   a plan made where a probe found no room would lack what the host has. Who may not raise a
   limit's maximum has what is below it. */
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
  if (good && syscall(SYS_close_range, first + count, ~0u, 0) == 0)
    execve(NODE_PATH_ABS, (char *const *)arguments, environment);
  refuse("start node", NODE_PATH_ABS, errno,
         errno == EACCES ? "no domain reaches it: start this from outside any domain" : "build again if node moved");
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

/* A process between, in the launcher's memory while that stands still, as after vfork(2):
   `birth` tells it how it went. */
static int between(void *argument)
{
  struct birth *birth = argument;
  sigset_t every;
  sigfillset(&every);
  if (birth->wait)
    signals_default(); /* where SIGCHLD is ignored there is nothing to wait for */
  else
    sigprocmask(SIG_SETMASK, &every, NULL); /* until it stands apart, the daemon's signals would be its own */
  int process = (int)syscall(SYS_clone, birth->flags, NULL, NULL, NULL, 0);
  if (process == 0)
    birth->body(birth->argument);
  if (process < 0)
    birth->error = errno;
  else
    birth->result = birth->wait ? wait_for(process) : process;
  _exit(0);
}

int grandchild(const char *step, unsigned long flags, bool wait, void (*body)(void *), void *argument)
{
  static _Alignas(16) char stack[STACK_SIZE];
  struct birth birth = {flags, wait, body, argument, 0, 0};
  int reaper = 0;
  /* A caller may have left this process the reaper of its orphans, of which the daemon knows
     nothing: this one goes further up. */
  if (prctl(PR_GET_CHILD_SUBREAPER, &reaper, 0, 0, 0) == 0 && reaper != 0)
    prctl(PR_SET_CHILD_SUBREAPER, 0, 0, 0, 0);
  int process = clone(between, stack + sizeof stack, (int)flags | CLONE_VM | CLONE_VFORK, &birth);
  if (process < 0)
    birth.error = errno;
  else if (wait_for(process) != 0)
    birth.error = EINTR; /* killed: nobody knows whether before or after the birth */
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
  static const char *const harmless[] = {"PATH=", "HOME=", "TERM=", "LANG=", "NO_COLOR=", "XDG_", NULL};
  const struct node *node = argument;
  int silence = open("/dev/null", O_RDONLY | O_CLOEXEC);
  need(silence >= 0 && dup2(node->output, STDOUT_FILENO) >= 0 && dup2(silence, STDIN_FILENO) >= 0, "start node", "/dev/null", NULL);
  environment_filter(harmless, true);
  node_execute(node->arguments, environ, node->handed, node->handed_count);
}

int node_start(const char *step, const char *const *arguments, int output, const int *handed, int handed_count, bool wait)
{
  struct node node = {arguments, output, handed, handed_count};
  return grandchild(step, 0, wait, node_body, &node);
}
