#include "launcher.h"

int report_descriptor = STDERR_FILENO;

void report(const char *step, const char *object, int error, const char *help)
{
  const char *name = strerrorname_np(error);
  const char *colon = object == NULL ? "" : ": ";
  dprintf(report_descriptor, "cofferdam: %s%s%s", step, colon, object == NULL ? "" : object);
  if (error != 0)
    dprintf(report_descriptor, ": %s (%s)", name != NULL ? name : "unknown errno",
            strerrordesc_np(error));
  dprintf(report_descriptor, "%s%s\n", help == NULL ? "" : "\n  help: ", help == NULL ? "" : help);
}

void fail(int status, const char *step, const char *object, int error, const char *help)
{
  report(step, object, error, help);
  _exit(status);
}

void refuse(const char *step, const char *object, int error, const char *help)
{
  fail(EXIT_REFUSED, step, object, error, help);
}

void need(bool good, const char *step, const char *object, const char *help)
{
  if (!good)
    refuse(step, object, errno, help);
}

char *joined(const char *first, const char *second, const char *third)
{
  char *text;
  if (asprintf(&text, "%s%s%s", first, second, third) < 0)
    refuse("make room for a name", first, ENOMEM, NULL);
  return text;
}

bool ends_with(const char *text, const char *ending)
{
  size_t length = strlen(text), wanted = strlen(ending);
  return length > wanted && strcmp(text + length - wanted, ending) == 0;
}

uint64_t fnv1a(const char *text)
{
  uint64_t hash = 0xcbf29ce484222325ull;
  for (; *text != 0; text++)
    hash = (hash ^ (uint8_t)*text) * 0x100000001b3ull;
  return hash;
}
