// Runs attacks one after the other in one domain: a start of a domain costs far more than most
// attacks. Reads `NAME main|thread` lines, and answers each with `STATUS PID TEXT` once the attack
// has ended: its exit status, or 128 and the signal that ended it.
#define _GNU_SOURCE
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

// Seconds after which an attack counts as hung.
enum { HUNG = 100 };

static void attack(const char *folder, const char *name, int thread, int out) {
  char path[4096];
  snprintf(path, sizeof path, "%s/%s", folder, name);
  dup2(out, 1);
  dup2(out, 2);
  int nothing = open("/dev/null", O_RDONLY | O_CLOEXEC);
  dup2(nothing, 0);
  if (thread) setenv("ATTACK_THREAD", "1", 1);
  alarm(HUNG);
  execl(path, path, (char *)0);
  perror("execl");
  _exit(99);
}

int main(int argc, char **argv) {
  char line[512], text[8192];
  (void)argc;
  setvbuf(stdin, 0, _IONBF, 0);
  while (fgets(line, sizeof line, stdin)) {
    char name[256], where[16];
    if (sscanf(line, "%255s %15s", name, where) != 2) return 98;
    int ends[2], status;
    if (pipe2(ends, O_CLOEXEC)) return 97;
    pid_t child = fork();
    if (child == 0) attack(argv[1], name, !strcmp(where, "thread"), ends[1]);
    close(ends[1]);
    size_t length = 0;
    // What an attack leaves behind may hold the other end: its own end is what counts.
    waitpid(child, &status, 0);
    fcntl(ends[0], F_SETFL, O_NONBLOCK);
    for (ssize_t got; length < sizeof text - 1; length += (size_t)got)
      if ((got = read(ends[0], text + length, sizeof text - 1 - length)) <= 0) break;
    close(ends[0]);
    text[length] = 0;
    for (char *c = text; *c; c++) if (*c == '\n') *c = ' ';
    printf("%d %d %s\n", WIFEXITED(status) ? WEXITSTATUS(status)
        : 128 + WTERMSIG(status), child, text);
    fflush(stdout);
  }
  return 0;
}
