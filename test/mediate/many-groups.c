// many-groups COUNT CMD ARG...: so many supplementary groups, then CMD. With COUNT 0 it asks for
// mkdir again and again instead, and prints how often it was answered what.
#define _GNU_SOURCE
#include <errno.h>
#include <grp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum { TIMES = 200 };

int main(int argc, char **argv) {
  if (argc < 2) return 2;
  int count = atoi(argv[1]);
  if (count == 0) {
    int refused = 0;
    for (int i = 0; i < TIMES; i++) refused += mkdir("none/below", 0700) < 0 && errno == EPERM;
    printf("refused %d\n", refused);
    return 0;
  }
  gid_t *groups = calloc(count, sizeof *groups);
  for (int i = 0; i < count; i++) groups[i] = 1000000 + i;
  const int failed = setgroups(count, groups) < 0;
  if (failed || argc == 2) {
    printf("setgroups %d: %s\n", count, failed ? strerrorname_np(errno) : "ok");
    return 0;
  }
  execv(argv[2], argv + 2);
  perror(argv[2]);
  return 127;
}
