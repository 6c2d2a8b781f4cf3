#ifndef OPTIONS_H
#define OPTIONS_H
#include <stddef.h>

/* `run [--events FILE|-] [--set NAME=VALUE]... (DOMAIN | --policy FILE) [--] CMD [ARG...]` */
struct options {
  const char *domain; /* also with --policy: the file's name without its ending */
  const char *policy; /* absolute, or NULL */
  const char *events; /* NULL without --events */
  const char **sets;
  size_t set_count;
  char **command; /* NULL-terminated */
};

/* Reads the arguments behind `run`; refuses the start when they make no sense. */
struct options options_read(char **arguments);

/* Copy of `text` that lasts; refuses the start without memory. */
char *joined(const char *first, const char *second, const char *third);

#endif
