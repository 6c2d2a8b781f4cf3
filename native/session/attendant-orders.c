/* Starts a program of the server's choice with the client's descriptors. */
#include "attendant.h"
#include <errno.h>
#include <fcntl.h>
#include <linux/close_range.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

/* As shells report a program killed by a signal. */
#define SIGNALLED 128

static pid_t child;

/* The orders, as texts that end with a NUL. */
enum { UMASK, TAKES_TERMINAL, TERMINAL, FOLDER, COUNT, ARGUMENTS };

/* Reads all texts. The NULL that execve(2) needs replaces the empty text after the arguments. */
static char **orders_read(void)
{
  struct stat file;
  char *text = fstat(ORDERS, &file) == 0 ? malloc((size_t)file.st_size + 1) : NULL;
  if (text == NULL || pread(ORDERS, text, (size_t)file.st_size, 0) != file.st_size)
    _exit(EXIT_REFUSED);
  size_t count = 0;
  for (off_t i = 0; i < file.st_size; i++)
    count += text[i] == 0;
  char **words = malloc((count + 1) * sizeof *words);
  if (words == NULL || count <= ARGUMENTS)
    _exit(EXIT_REFUSED);
  for (size_t i = 0; i < count; i++, text += strlen(text) + 1)
    words[i] = text;
  words[ARGUMENTS + atoi(words[COUNT])] = words[count] = NULL;
  return words;
}

static void need(int good, const char *what)
{
  if (good)
    return;
  dprintf(STDERR_FILENO, "cofferdam: %s: %s\n", what, strerror(errno));
  _exit(EXIT_REFUSED);
}

/* Runs the program in a session of its own. If the orders name another terminal, it replaces the
   client's. */
_Noreturn static void orders_run(char **words)
{
  need(setsid() >= 0, "begin a session");
  if (*words[TERMINAL] != 0) {
    int other = open(words[TERMINAL], O_RDWR | O_NOCTTY | O_CLOEXEC);
    for (int i = 0; i < DESCRIPTORS; i++)
      need(other >= 0 && (terminals[i] == 0 || dup2(other, i) == i), "open the terminal");
  }
  need(*words[TAKES_TERMINAL] == 0 || ioctl(STDIN_FILENO, TIOCSCTTY, 1) == 0, "take the terminal");
  need(chdir(words[FOLDER]) == 0, words[FOLDER]);
  umask((mode_t)atoi(words[UMASK]));
  syscall(SYS_close_range, CONTROL, ~0U, CLOSE_RANGE_CLOEXEC);
  pid_t own = getpid();
  tell('s', &own, sizeof own, -1);
  execve(words[ARGUMENTS], words + ARGUMENTS, words + ARGUMENTS + atoi(words[COUNT]) + 1);
  need(0, words[ARGUMENTS]);
  _exit(EXIT_REFUSED);
}

int orders_start(void)
{
  char **words = orders_read();
  if ((child = fork()) < 0)
    _exit(EXIT_REFUSED);
  if (child == 0)
    orders_run(words);
  /* Closed here, so that the other end of a pipe notices when the program closes it. */
  for (int i = 0; i < DESCRIPTORS; i++)
    close(i);
  return (int)syscall(SYS_pidfd_open, child, 0);
}

void orders_kill(int signal)
{
  /* Until the process has a group of its own, only the process is signalled. */
  if (child > 0 && kill(-child, signal) < 0)
    kill(child, signal);
}

void orders_reap(void)
{
  int status;
  waitpid(child, &status, 0);
  child = 0;
  uint32_t words = WIFSIGNALED(status) ? SIGNALLED + (uint32_t)WTERMSIG(status)
                                       : (uint32_t)WEXITSTATUS(status);
  tell('e', &words, sizeof words, -1);
}
