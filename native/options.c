#include "options.h"

#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "report.h"

/* Bytes of a domain's name; it becomes part of a file's name. */
#define DOMAIN_NAME_MAX 128
#define USAGE "usage: cofferdam run [--events FILE|-] [--set NAME=VALUE]... (DOMAIN | --policy FILE) [--] CMD [ARG...]"

char *joined(const char *first, const char *second, const char *third)
{
  char *text;
  if (asprintf(&text, "%s%s%s", first, second, third) < 0)
    refuse("make room for a name", first, ENOMEM, NULL);
  return text;
}

static bool valid_domain(const char *name)
{
  const char *allowed = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789._@:+-";
  size_t length = strlen(name);
  return length > 0 && length <= DOMAIN_NAME_MAX && name[0] != '.' && name[0] != '-' && strspn(name, allowed) == length;
}

static const char *domain_of(const char *policy)
{
  const char *base = strrchr(policy, '/');
  char *name = joined(base == NULL ? policy : base + 1, "", "");
  char *ending = strrchr(name, '.');
  if (ending != NULL && (strcmp(ending, ".yaml") == 0 || strcmp(ending, ".yml") == 0))
    *ending = 0;
  return name;
}

static const char *absolute(const char *path)
{
  if (path[0] == '/')
    return path;
  char *folder = getcwd(NULL, 0);
  if (folder == NULL)
    refuse("find the working directory", path, errno, "give the policy's absolute path");
  return joined(folder, "/", path);
}

/* The value of option `name` at `*at`, written `name VALUE` or `name=VALUE`; NULL when another option stands there. */
static const char *value_of(const char *name, char ***at)
{
  size_t length = strlen(name);
  const char *argument = **at;
  if (strncmp(argument, name, length) != 0)
    return NULL;
  if (argument[length] == '=')
    return argument + length + 1;
  if (argument[length] != 0)
    return NULL;
  if ((*at)[1] == NULL)
    refuse("read the arguments", name, 0, "it needs a value; " USAGE);
  return *++*at;
}

static void option(struct options *options, char ***at)
{
  const char *argument = **at;
  const char *value;
  if ((value = value_of("--events", at)) != NULL)
    options->events = value;
  else if ((value = value_of("--policy", at)) != NULL)
    options->policy = absolute(value);
  else if ((value = value_of("--set", at)) == NULL)
    refuse("read the arguments", argument, 0, "there is no such option; " USAGE);
  else if (strchr(value, '=') == NULL || value[0] == '=')
    refuse("read the arguments", value, 0, "--set takes NAME=VALUE");
  else
    options->sets[options->set_count++] = value;
}

struct options options_read(char **arguments)
{
  size_t count = 0;
  while (arguments[count] != NULL)
    count++;
  struct options options = {.sets = calloc(count + 1, sizeof *options.sets)};
  if (options.sets == NULL)
    refuse("make room for the arguments", NULL, ENOMEM, NULL);
  char **at = arguments;
  for (; *at != NULL && strcmp(*at, "--") != 0; at++) {
    if ((*at)[0] == '-')
      option(&options, &at);
    else if (options.domain == NULL && options.policy == NULL)
      options.domain = *at;
    else
      break;
  }
  if (*at != NULL && strcmp(*at, "--") == 0)
    at++;
  options.command = at;
  if ((options.domain == NULL) == (options.policy == NULL))
    refuse("read the arguments", NULL, 0, "name a DOMAIN or a --policy FILE, and not both; " USAGE);
  if (options.command[0] == NULL || options.command[0][0] == 0)
    refuse("read the arguments", NULL, 0, "there is no command to run; " USAGE);
  if (options.domain == NULL)
    options.domain = domain_of(options.policy);
  if (!valid_domain(options.domain))
    refuse("read the domain's name", options.domain, 0, "letters, digits and . _ @ : + - only, not beginning with . or -");
  return options;
}
