#include "report.h"

#include <stdio.h>
#include <string.h>
#include <unistd.h>

int report_descriptor = STDERR_FILENO;

void report(const struct problem *problem)
{
  const char *name = problem->error == 0 ? NULL : strerrorname_np(problem->error);
  dprintf(report_descriptor, "cofferdam: %s", problem->step);
  if (problem->object != NULL)
    dprintf(report_descriptor, ": %s", problem->object);
  if (problem->error != 0)
    dprintf(report_descriptor, ": %s (%s)", name != NULL ? name : "unknown errno", strerrordesc_np(problem->error));
  dprintf(report_descriptor, "\n");
  if (problem->help != NULL)
    dprintf(report_descriptor, "  help: %s\n", problem->help);
}

void fail(int status, const struct problem *problem)
{
  report(problem);
  _exit(status);
}

void refuse(const char *step, const char *object, int error, const char *help)
{
  const struct problem problem = {step, object, error, help};
  fail(EXIT_REFUSED, &problem);
}
