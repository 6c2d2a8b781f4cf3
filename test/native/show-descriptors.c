/* Writes to the file `out` what each open descriptor is, and the variables of socket activation. */
#include <stdio.h>
#include <string.h>
#include <unistd.h>

int main(void)
{
  char lines[8192] = "";
  size_t length = 0;
  for (int i = 0; i < 1024; i++) {
    char name[32], target[256];
    snprintf(name, sizeof name, "/proc/self/fd/%d", i);
    ssize_t got = readlink(name, target, sizeof target - 1);
    if (got >= 0)
      length += (size_t)snprintf(lines + length, sizeof lines - length, "%d %.*s\n", i, (int)got,
                                 target);
  }
  FILE *out = fopen("out", "w");
  if (out == NULL)
    return 1;
  fputs(lines, out);
  for (char **variable = environ; *variable != NULL; variable++)
    if (strncmp(*variable, "LISTEN_", 7) == 0)
      fprintf(out, "%s\n", *variable);
  return fclose(out) != 0;
}
