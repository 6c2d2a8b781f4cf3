#include "launcher.h"

/* The path that glibc's execvp(3) searches without PATH. */
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

const char *find_command(const char *command)
{
  int error = ENOENT;
  if (strchr(command, '/') != NULL) {
    if (executable(command))
      return command;
    error = errno;
  } else {
    const char *path = getenv("PATH");
    char *folders = joined(path == NULL ? PATH_DEFAULT : path, "", "");
    for (char *folder; (folder = strsep(&folders, ":")) != NULL;) {
      const char *candidate = joined(folder[0] == 0 ? "." : folder, "/", command);
      if (executable(candidate))
        return candidate;
      if (errno == EACCES)
        error = EACCES;
    }
  }
  int status = error == EACCES ? EXIT_NOT_EXECUTABLE : EXIT_NOT_FOUND;
  fail(status, "find the command", command, error, "check the name and PATH");
}
