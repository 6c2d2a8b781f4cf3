#include "launcher.h"

/* Greatest exit status of the command line with which it has told the user what to mend, src/cli/exit-code.ts. */
#define COMPILER_SAID_MAX 3

static int run_compiler(const struct options *options, const char *plan_path)
{
  const char *begin[] = {NODE_PATH_ABS, DIST_DIR "/cofferdam.js", "compile", "--out", plan_path};
  size_t count = sizeof begin / sizeof *begin;
  const char **arguments = calloc(count + options->set_count * 2 + 5, sizeof *arguments);
  need(arguments != NULL, "make room for the compiler's arguments", NULL, NULL);
  memcpy(arguments, begin, sizeof begin);
  for (size_t i = 0; i < options->set_count; i++) {
    arguments[count++] = "--set";
    arguments[count++] = options->sets[i];
  }
  if (options->level != NULL) {
    arguments[count++] = "--level";
    arguments[count++] = options->level;
  }
  if (options->policy != NULL)
    arguments[count++] = "--policy";
  arguments[count] = options->policy != NULL ? options->policy : options->domain;
  return node_start("start the compiler", arguments, STDERR_FILENO, NULL, 0, true);
}

/* Node makes pipes non-blocking and may die before it puts them back; the daemon gets them as the caller had them. */
static int compile(const struct options *options, const char *plan_path)
{
  int flags[3];
  for (int i = 0; i < 3; i++)
    flags[i] = fcntl(i, F_GETFL);
  int status = run_compiler(options, plan_path);
  for (int i = 0; i < 3; i++)
    if (flags[i] >= 0 && fcntl(i, F_GETFL) != flags[i])
      fcntl(i, F_SETFL, flags[i]);
  return status;
}

static bool obtained(const struct options *options, const char *directory, const char *name, bool loud, struct plan *plan)
{
  if (!plan_file_read(directory, name, loud, plan))
    return false;
  bool own = options->policy != NULL || strcmp(plan_string(plan, plan->head->domain), options->domain) == 0;
  if (!own && loud)
    report("use the ready plan", name, 0, "it is the plan of another domain");
  return own;
}

struct plan plan_obtain(const struct options *options, const char *directory, const char *name)
{
  struct plan plan;
  if (obtained(options, directory, name, false, &plan))
    return plan;
  int status = compile(options, joined(directory, "/", name));
  bool said = WIFEXITED(status) && WEXITSTATUS(status) <= COMPILER_SAID_MAX;
  if (status != 0) {
    dprintf(report_descriptor, "cofferdam: %sthe compiler ended with %s %d\n", said ? "nothing was started: " : "",
            WIFEXITED(status) ? "status" : "signal", WIFEXITED(status) ? WEXITSTATUS(status) : WTERMSIG(status));
    if (said)
      _exit(EXIT_REFUSED);
  }
  if (obtained(options, directory, name, true, &plan))
    return plan;
  refuse("get a plan", options->domain, 0, "without a valid plan nothing is started; see the messages above");
}
