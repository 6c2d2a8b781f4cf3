#include <sys/utsname.h>

#include "launcher.h"

/* The XDG base directory specification tells programs to ignore relative values. */
static const char *absolute_variable(const char *name)
{
  const char *value = getenv(name);
  return value != NULL && value[0] == '/' ? value : NULL;
}

static const char *user_place(const char *variable, const char *below_home, const char *rest)
{
  const char *base = absolute_variable(variable);
  if (base != NULL)
    return joined(base, rest, "");
  const char *home = absolute_variable("HOME");
  if (home == NULL)
    refuse("find your files", variable, 0, "set HOME");
  return joined(home, below_home, rest);
}

const char *places_running(const char *what)
{
  const char *below = joined("/cofferdam/", what, "");
  if (geteuid() == 0)
    return joined("/run", below, "");
  return user_place("XDG_RUNTIME_DIR", "/.cache", below);
}

static const char *with(const char *text, const char *word)
{
  char length[24];
  snprintf(length, sizeof length, "%zu:", strlen(word));
  return joined(text, length, word);
}

const char *places_start(const struct options *options)
{
  struct utsname kernel;
  char caller[64];
  need(uname(&kernel) == 0, "read the kernel's release", "uname", NULL);
  snprintf(caller, sizeof caller, "%u %u %" PRIx64, geteuid(), getegid(),
           capabilities_now().effective);
  const char *text = "", *policy = options->policy == NULL ? "" : options->policy;
  const char *first[] = {kernel.release, kernel.version, caller, options->domain, policy};
  for (size_t i = 0; i < sizeof first / sizeof *first; i++)
    text = with(text, first[i]);
  if (geteuid() != 0) {
    /* The environment decides where a user's policies are, and which of the user's files the domain
       is denied. */
    text = with(text, user_place("XDG_CONFIG_HOME", "/.config", "/cofferdam"));
    text = with(text, user_place("XDG_STATE_HOME", "/.local/state", "/cofferdam"));
  }
  for (const char **word = options->words; *word != NULL; word++)
    text = with(text, *word);
  return options->mounts == NULL ? text : with(with(text, "--mounts"), options->mounts);
}

const char *places_plan_name(const char *domain, const char *start)
{
  char text[24];
  /* A weak hash is enough, because the plan says what it was made for. */
  snprintf(text, sizeof text, "-%016" PRIx64, fnv1a(start));
  return joined(domain, text, ".plan");
}
