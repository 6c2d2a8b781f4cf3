#include "find-command.h"

#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "options.h"
#include "report.h"

/* What execvp(3) of glibc searches without PATH. */
#define PATH_DEFAULT "/bin:/usr/bin"

static bool executable(const char *path)
{
  struct stat status;
  if (stat(path, &status) != 0)
    return false;
  if (!S_ISREG(status.st_mode))
    return errno = EACCES, false;
  return faccessat(AT_FDCWD, path, X_OK, AT_EACCESS) == 0;
}

_Noreturn static void not_found(const char *command, int error)
{
  const struct problem problem = {"find the command", command, error, "check the name and PATH"};
  fail(error == EACCES ? EXIT_NOT_EXECUTABLE : EXIT_NOT_FOUND, &problem);
}

const char *find_command(const char *command)
{
  if (strchr(command, '/') != NULL) {
    if (!executable(command))
      not_found(command, errno);
    return command;
  }
  const char *path = getenv("PATH");
  char *folders = joined(path == NULL ? PATH_DEFAULT : path, "", "");
  int error = ENOENT;
  for (char *folder; (folder = strsep(&folders, ":")) != NULL;) {
    char *candidate = joined(folder[0] == 0 ? "." : folder, "/", command);
    if (executable(candidate)) {
      char *absolute = candidate[0] == '/' ? candidate : realpath(candidate, NULL);
      if (absolute == NULL)
        not_found(candidate, errno);
      return absolute;
    }
    if (errno == EACCES)
      error = EACCES;
    free(candidate);
  }
  not_found(command, error);
}
