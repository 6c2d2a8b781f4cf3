#include <getopt.h>

#include "launcher.h"

/* Bytes of a domain's name; it becomes part of a file's name. */
#define DOMAIN_NAME_MAX 128
#define STEP "read the arguments"
#define USAGE "usage: cofferdam run [--events FILE|-] [--set NAME=VALUE]... (DOMAIN | --policy FILE) [--] CMD [ARG...]"

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
  need(folder != NULL, "find the working directory", path, "give the policy's absolute path");
  return joined(folder, "/", path);
}

struct options options_read(int count, char **arguments)
{
  static const struct option known[] = {
      {"events", required_argument, NULL, 'e'},
      {"policy", required_argument, NULL, 'p'},
      {"set", required_argument, NULL, 's'},
      {0},
  };
  struct options options = {.sets = calloc((size_t)count, sizeof *options.sets)};
  need(options.sets != NULL, "make room for the arguments", NULL, NULL);
  for (int option; (option = getopt_long(count, arguments, "+:", known, NULL)) != -1;) {
    if (option == 'e')
      options.events = optarg;
    else if (option == 'p')
      options.policy = absolute(optarg);
    else if (option != 's')
      refuse(STEP, arguments[optind - 1], 0, option == ':' ? "it needs a value; " USAGE : "there is no such option; " USAGE);
    else if (strchr(optarg, '=') == NULL || optarg[0] == '=')
      refuse(STEP, optarg, 0, "--set takes NAME=VALUE");
    else
      options.sets[options.set_count++] = optarg;
  }
  char **rest = arguments + optind;
  bool dashed = strcmp(arguments[optind - 1], "--") == 0;
  if (options.policy == NULL && (*rest == NULL || dashed))
    refuse(STEP, NULL, 0, "name a DOMAIN or a --policy FILE; " USAGE);
  options.domain = options.policy != NULL ? domain_of(options.policy) : *rest++;
  if (options.policy == NULL && *rest != NULL && strcmp(*rest, "--") == 0)
    rest++;
  if (*rest == NULL || **rest == 0)
    refuse(STEP, NULL, 0, "there is no command to run; " USAGE);
  if (!valid_domain(options.domain))
    refuse("read the domain's name", options.domain, 0, "letters, digits and . _ @ : + - only, not beginning with . or -");
  options.command = rest;
  return options;
}
