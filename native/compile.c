#include "launcher.h"

/* Greatest exit status of the command line with which it has told the user what to mend,
   src/host/exit-code.ts. */
#define COMPILER_SAID_MAX 3

/* Node makes pipes non-blocking and may die before it puts them back; the daemon gets them as
   the caller had them. */
static int compile(const struct options *options, const char *plan_path, const char *start)
{
  const char *begin[] = {"compile", "--out", plan_path, "--for", start, options->policy == NULL ? options->domain : "--policy",
                         options->policy, NULL};
  int flags[STDERR_FILENO + 1];
  need(access("/proc/self/stat", R_OK) == 0, "start the compiler", "/proc/self/stat", "mount /proc");
  for (int i = 0; i <= STDERR_FILENO; i++)
    flags[i] = fcntl(i, F_GETFL);
  int status = node_start("start the compiler", node_arguments(COMMAND_LINE, begin, options->words), STDERR_FILENO, NULL, 0, true);
  for (int i = 0; i <= STDERR_FILENO; i++)
    if (flags[i] >= 0 && fcntl(i, F_GETFL) != flags[i])
      fcntl(i, F_SETFL, flags[i]);
  return status;
}

struct plan plan_obtain(const struct options *options, const char **path)
{
  const char *directory = places_running("plans"), *start = places_start(options), *name = places_plan_name(options->domain, start);
  struct problem problem;
  struct plan plan;
  *path = joined(directory, "/", name);
  if (plan_file_read(directory, name, start, &plan, &problem))
    return plan;
  int status = compile(options, *path, start);
  bool said = WIFEXITED(status) && WEXITSTATUS(status) <= COMPILER_SAID_MAX;
  if (status != 0) {
    dprintf(report_descriptor, "cofferdam: %sthe compiler ended with %s %d\n", said ? "nothing was started: " : "",
            WIFEXITED(status) ? "status" : "signal", WIFEXITED(status) ? WEXITSTATUS(status) : WTERMSIG(status));
    if (said)
      _exit(EXIT_REFUSED);
  }
  if (plan_file_read(directory, name, start, &plan, &problem))
    return plan;
  report(problem.step, problem.object, problem.error, problem.help);
  refuse("get a plan", options->domain, 0, "without a valid plan nothing is started; see the messages above");
}
