#include <linux/capability.h>

#include "launcher.h"

#define STEP "start the compiler"
/* What the compiler and its probes need, with some to spare. */
#define COMPILER_DESCRIPTORS 64
/* Lowest exit status with which the command line has already reported the problem
   (src/host/exit-code.ts). Node itself exits with 1. */
#define COMPILER_SAID_MIN 2
#define COMPILER_SAID_MAX 3
/* Descriptor numbers of the memfd and, where one is given, of the root directory that the start
   sees: all that the compiler gets. */
#define COMPILER_MEMORY "3"
#define COMPILER_ROOT "4"
/* Limit on the compilations for one start, in case what a plan depends on keeps changing. */
#define COMPILATIONS_MAX 3

static void need_descriptors(void)
{
  struct rlimit limit;
  bool raises = (capabilities_now().effective & (1ull << CAP_SYS_RESOURCE)) != 0;
  errno = EMFILE;
  need(raises || getrlimit(RLIMIT_NOFILE, &limit) != 0 || limit.rlim_max >= COMPILER_DESCRIPTORS,
       STEP, "descriptors",
       "raise the limit to 64 (ulimit -n), or start once without the limit: a ready plan needs "
       "no compiler");
}

/* Runs the compiler. Node makes pipes non-blocking and may die before it restores them, so the
   caller's flags are restored for the daemon. */
static int compile(const struct options *options, const char *plan_path, const char *start,
                   int memory)
{
  const char *policy = options->policy == NULL ? options->domain : "--policy";
  const bool rooted = options->root >= 0;
  const int handed[] = {memory, options->root};
  const char *begin[] = {"compile", "--root=" COMPILER_ROOT, "--out", plan_path,
                         "--into",  COMPILER_MEMORY,         "--for", start,
                         policy,    options->policy,         NULL};
  if (!rooted)
    begin[1] = begin[0];
  const char *const *arguments = node_arguments(COMMAND_LINE, begin + !rooted, options->words);
  int flags[STDERR_FILENO + 1];
  need(access("/proc/self/stat", R_OK) == 0, STEP, "/proc/self/stat", "mount /proc");
  for (int i = 0; i <= STDERR_FILENO; i++)
    flags[i] = fcntl(i, F_GETFL);
  int status = node_start(STEP, arguments, STDERR_FILENO, handed, rooted ? 2 : 1, true);
  for (int i = 0; i <= STDERR_FILENO; i++)
    if (flags[i] >= 0 && fcntl(i, F_GETFL) != flags[i])
      fcntl(i, F_SETFL, flags[i]);
  return status;
}

static bool compiled(int status)
{
  bool said = WIFEXITED(status) && WEXITSTATUS(status) >= COMPILER_SAID_MIN &&
              WEXITSTATUS(status) <= COMPILER_SAID_MAX;
  if (status == 0)
    return true;
  dprintf(report_descriptor, "cofferdam: %sthe compiler ended with %s %d\n",
          said ? "nothing was started: " : "", WIFEXITED(status) ? "status" : "signal",
          WIFEXITED(status) ? WEXITSTATUS(status) : WTERMSIG(status));
  if (said)
    _exit(EXIT_REFUSED);
  dprintf(report_descriptor,
          "  help: raise the limit that it reached (ulimit -a), or start once without the limit:\n"
          "        a ready plan needs no compiler\n");
  return false;
}

/* Makes the plan for this start. It comes through a descriptor, because another start may write or
   remove the file meanwhile. */
static bool plan_make(const struct options *options, const char *path, const char *start,
                      struct plan *plan, struct problem *problem)
{
  const char *object, *wrong, *name = strrchr(path, '/') + 1;
  need_descriptors();
  for (int made = 0; made < COMPILATIONS_MAX; made++) {
    *plan = (struct plan){.memory = plan_memory()};
    bool good = compiled(compile(options, path, start, plan->memory)) &&
                plan_memory_read(name, plan, problem);
    if (good && (wrong = facts_stale(plan, start, PLAN_OF_THIS_START, &object)) == NULL)
      return true;
    if (good)
      *problem = (struct problem){"use the plan of this start", joined(object, "", ""), 0, wrong};
    plan_drop(plan);
    if (!good)
      return false;
  }
  report(problem->step, problem->object, problem->error, problem->help);
  refuse("get a plan", options->domain, 0,
         "each new plan was out of date at once: start again when nothing changes these files");
}

struct plan plan_obtain(const struct options *options, const char **path)
{
  const char *directory = places_running("plans"), *start = places_start(options);
  const char *name = places_plan_name(options->domain, start);
  struct problem problem;
  struct plan plan;
  *path = joined(directory, "/", name);
  /* What lies ready is compared with what this process sees, which is another root's. */
  if (options->root < 0 && plan_file_read(directory, name, start, PLAN_READY, &plan, &problem))
    return plan;
  if (options->mounts != NULL && options->root < 0 &&
      agent_makes_plan(options->domain, options->mounts, options->groups) &&
      plan_file_read(directory, name, start, PLAN_OF_THIS_START, &plan, &problem))
    return plan;
  if (plan_make(options, *path, start, &plan, &problem))
    return plan;
  /* Another start may have made the plan meanwhile. */
  if (plan_file_read(directory, name, start, PLAN_READY, &plan, &problem))
    return plan;
  report(problem.step, problem.object, problem.error, problem.help);
  refuse("get a plan", options->domain, 0,
         "without a valid plan nothing is started; see the messages above");
}
