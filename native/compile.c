#include <linux/capability.h>

#include "launcher.h"

#define STEP "start the compiler"
/* Descriptors that the compiler needs, with its probes and some to spare. */
#define COMPILER_DESCRIPTORS 64
/* Exit statuses of the command line with which it has told the user what to mend,
   src/host/exit-code.ts. Node itself ends with 1. */
#define COMPILER_SAID_MIN 2
#define COMPILER_SAID_MAX 3
/* Number of the descriptor that the compiler finds, as it is handed the memfd alone. */
#define COMPILER_MEMORY "3"
/* How often a plan is made for one start where what it rests on changes meanwhile. */
#define COMPILATIONS_MAX 3

/* With fewer a probe may find no room and take it for a lack of the host, and the plan would be
   poorer for ever. */
static void need_descriptors(void)
{
  struct rlimit limit;
  bool raises = (capabilities_now().effective & (1ull << CAP_SYS_RESOURCE)) != 0;
  errno = EMFILE;
  need(raises || getrlimit(RLIMIT_NOFILE, &limit) != 0 || limit.rlim_max >= COMPILER_DESCRIPTORS,
       STEP, "descriptors",
       "raise their limit to 64 (ulimit -n), or start once without it: a plan that lies ready needs "
       "no compiler");
}

/* Node makes pipes non-blocking and may die before it puts them back; the daemon gets them as
   the caller had them. */
static int compile(const struct options *options, const char *plan_path, const char *start,
                   int memory)
{
  const char *policy = options->policy == NULL ? options->domain : "--policy";
  const char *begin[] = {"compile", "--out", plan_path, "--into",        COMPILER_MEMORY,
                         "--for",   start,   policy,    options->policy, NULL};
  const char *const *arguments = node_arguments(COMMAND_LINE, begin, options->words);
  int flags[STDERR_FILENO + 1];
  need(access("/proc/self/stat", R_OK) == 0, STEP, "/proc/self/stat", "mount /proc");
  for (int i = 0; i <= STDERR_FILENO; i++)
    flags[i] = fcntl(i, F_GETFL);
  int status = node_start(STEP, arguments, STDERR_FILENO, &memory, 1, true);
  for (int i = 0; i <= STDERR_FILENO; i++)
    if (flags[i] >= 0 && fcntl(i, F_GETFL) != flags[i])
      fcntl(i, F_SETFL, flags[i]);
  return status;
}

/* Whether the compiler did its work; ends where it has said why not. */
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
          "  help: where a limit leaves it no room (ulimit -a), raise that, or start once without: a\n"
          "        plan that lies ready needs no compiler\n");
  return false;
}

/* A plan whose names are those of this start. It comes by a descriptor, not by the file, which
   another start may write or remove meanwhile. */
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
         "it was made again and again, and each time that had changed: start when nothing changes it");
}

struct plan plan_obtain(const struct options *options, const char **path)
{
  const char *directory = places_running("plans"), *start = places_start(options);
  const char *name = places_plan_name(options->domain, start);
  struct problem problem;
  struct plan plan;
  *path = joined(directory, "/", name);
  if (plan_file_read(directory, name, start, &plan, &problem) ||
      plan_make(options, *path, start, &plan, &problem))
    return plan;
  /* Another start may have made it meanwhile. */
  if (plan_file_read(directory, name, start, &plan, &problem))
    return plan;
  report(problem.step, problem.object, problem.error, problem.help);
  refuse("get a plan", options->domain, 0,
         "without a valid plan nothing is started; see the messages above");
}
