#include "launcher.h"

/* The XDG base directory specification has relative values ignored. */
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
  return geteuid() == 0 ? joined("/run", below, "") : user_place("XDG_RUNTIME_DIR", "/.cache", below);
}

/* FNV-1a, 64 bits, over the text and its NUL. */
static uint64_t hash(uint64_t state, const char *text)
{
  const uint64_t prime = 0x100000001b3ull;
  for (; *text != 0; text++)
    state = (state ^ (uint8_t)*text) * prime;
  return state * prime;
}

const char *places_plan_name(const struct options *options)
{
  uint64_t key = hash(0xcbf29ce484222325ull, options->domain);
  key = hash(key, options->policy == NULL ? "" : options->policy);
  for (size_t i = 0; i < options->set_count; i++)
    key = hash(key, options->sets[i]);
  if (options->level != NULL)
    key = hash(key, options->level); /* no NAME=VALUE is just a word */
  if (geteuid() != 0) {
    /* Where a user's policies are looked for, and what of the user's is denied to the domain, follow from the environment. */
    key = hash(key, user_place("XDG_CONFIG_HOME", "/.config", "/cofferdam"));
    key = hash(key, user_place("XDG_STATE_HOME", "/.local/state", "/cofferdam"));
  }
  char text[17];
  snprintf(text, sizeof text, "%016" PRIx64, key);
  return joined(joined(options->domain, "-", text), ".plan", "");
}
