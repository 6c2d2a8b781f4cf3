// bare RULES FILTER -- CMD: the least a C program must do for the same Landlock rules and the same
// seccomp filter as a plan. RULES: lines `handled FS NET SCOPED`, `path RIGHTS PATH`, `port RIGHTS
// PORT`, numbers decimal. FILTER: struct sock_filter[], raw. It is the yardstick of the sealed
// engine: same kernel work, no Cofferdam.
#define _GNU_SOURCE
#include <fcntl.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>

struct handled { uint64_t fs, net, scoped; };
struct beneath { uint64_t rights; int32_t fd; } __attribute__((packed));
struct port { uint64_t rights, port; };

static long check(const char *what, long result) {
  if (result < 0) { perror(what); exit(125); }
  return result;
}
int main(int argc, char **argv) {
  if (argc < 5 || strcmp(argv[3], "--")) { fprintf(stderr, "usage: bare RULES FILTER -- CMD\n");
      return 2; }
  FILE *rules = fopen(argv[1], "r");
  char *line = 0;
  size_t size = 0;
  int ruleset = -1;
  if (!rules) { perror(argv[1]); return 125; }
  while (getline(&line, &size, rules) > 0) {
    unsigned long a, b, c;
    char path[4096];
    if (sscanf(line, "handled %lu %lu %lu", &a, &b, &c) == 3) {
      struct handled h = {a, b, c};
      ruleset = (int)check("landlock_create_ruleset", syscall(444, &h, sizeof h, 0));
    } else if (sscanf(line, "path %lu %4095[^\n]", &a, path) == 2) {
      struct beneath r = {a, (int32_t)check(path, open(path, O_PATH | O_CLOEXEC))};
      check("landlock_add_rule path", syscall(445, ruleset, 1, &r, 0));
      close(r.fd);
    } else if (sscanf(line, "port %lu %lu", &a, &b) == 2) {
      struct port r = {a, b};
      check("landlock_add_rule port", syscall(445, ruleset, 2, &r, 0));
    }
  }
  static struct sock_filter filter[BPF_MAXINSNS];
  int f = (int)check(argv[2], open(argv[2], O_RDONLY | O_CLOEXEC));
  long bytes = check("read", read(f, filter, sizeof filter));
  struct sock_fprog program = {(unsigned short)((size_t)bytes / sizeof *filter), filter};
  check("no_new_privs", prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0));
  check("landlock_restrict_self", syscall(446, ruleset, 0));
  // With a listener, as in the domain, so that both run the same kind of filter; nothing reads it,
  // because nothing here is notified.
  int listener = (int)check("seccomp",
      syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, SECCOMP_FILTER_FLAG_NEW_LISTENER, &program));
  check("F_SETFD", fcntl(listener, F_SETFD, 0));
  execvp(argv[4], argv + 4);
  perror(argv[4]);
  return 127;
}
