#include <ctype.h>
#include <getopt.h>

#include "launcher.h"

/* Limit on a domain's name, bytes; it becomes part of a file's name. */
#define DOMAIN_NAME_MAX 128
#define STEP "read the arguments"
#define USAGE                                                                   \
  "usage: cofferdam run [--level LEVEL] [--events FILE|-] [--set NAME=VALUE]... " \
  "(DOMAIN | --policy FILE) [--] CMD [ARG...]"

static bool valid_domain(const char *name)
{
  const char *allowed = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789._@:+-";
  size_t length = strlen(name);
  return length > 0 && length <= DOMAIN_NAME_MAX && name[0] != '.' && name[0] != '-' &&
         strspn(name, allowed) == length;
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

static const uint64_t *capabilities_in(const char *text)
{
  static uint64_t mask;
  char *end;
  errno = 0;
  mask = strtoull(text, &end, 16);
  if (!isxdigit((unsigned char)text[0]) || *end != 0 || errno != 0)
    refuse(STEP, text, 0,
           "--prepare takes a set of capabilities in hexadecimal, as CapBnd in /proc/PID/status");
  return &mask;
}

/* Reads up to the first word that is no option, or past `--`; `optind` is after what was read. */
static void read_options(int count, char **arguments, struct options *options)
{
  static const struct option known[] = {
      {"argv0", required_argument, NULL, 'a'},
      {"events", required_argument, NULL, 'e'},
      {"groups", required_argument, NULL, 'g'},
      {"level", required_argument, NULL, 'l'},
      {"policy", required_argument, NULL, 'p'},
      {"mounts", required_argument, NULL, 'm'},
      {"prepare", required_argument, NULL, 'r'},
      {"root", required_argument, NULL, 'o'},
      {"unit", no_argument, NULL, 'u'},
      {"set", required_argument, NULL, 's'},
      {0},
  };
  for (int option; (option = getopt_long(count, arguments, "+:", known, NULL)) != -1;) {
    if (option == ':' || option == '?')
      refuse(STEP, arguments[optind - 1], 0,
             option == ':' ? "it needs a value; " USAGE : "there is no such option; " USAGE);
    if (option == 'e')
      options->events = optarg;
    else if (option == 'a')
      options->argv0 = optarg;
    else if (option == 'p')
      options->policy = absolute(optarg);
    else if (option == 'u')
      options->in_unit = true;
    else if (option == 'm')
      options->mounts = optarg;
    else if (option == 'o')
      options->root = atoi(optarg);
    else if (option == 'r')
      options->prepare = capabilities_in(optarg);
    else { /* the compiler checks the value: no plan is ever made for an invalid one */
      options->level_given |= option == 'l';
      if (option == 'g')
        options->groups = optarg;
      *options->end++ = option == 'l' ? "--level" : option == 'g' ? "--groups" : "--set";
      *options->end++ = optarg;
    }
  }
}

/* Options may stand before and after the domain. A command that begins with a dash needs `--`
   before it. */
struct options options_read(int count, char **arguments)
{
  struct options options = {.words = calloc((size_t)count * 2 + 1, sizeof *options.words),
                            .root = -1};
  need(options.words != NULL, "make room for the arguments", NULL, NULL);
  options.end = options.words;
  read_options(count, arguments, &options);
  if (options.policy == NULL) {
    if (arguments[optind] == NULL || strcmp(arguments[optind - 1], "--") == 0)
      refuse(STEP, NULL, 0, "name a DOMAIN or a --policy FILE; " USAGE);
    options.domain = arguments[optind++];
    read_options(count, arguments, &options);
    if (options.policy != NULL)
      refuse(STEP, options.domain, 0, "name a DOMAIN or a --policy FILE, not both");
  } else
    options.domain = domain_of(options.policy);
  options.command = arguments + optind;
  bool runs = options.command[0] != NULL && options.command[0][0] != 0;
  if (options.prepare == NULL && !runs)
    refuse(STEP, NULL, 0, "there is no command to run; " USAGE);
  if (options.prepare != NULL && options.command[0] != NULL)
    refuse(STEP, options.command[0], 0, "--prepare makes a plan and runs nothing");
  if (!valid_domain(options.domain))
    refuse("read the domain's name", options.domain, 0,
           "letters, digits and . _ @ : + - only, not beginning with . or -");
  return options;
}
