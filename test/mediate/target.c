// Runs one system call after the other, as told by its arguments, and prints what came back: "NAME:
// RESULT ERRNO". Words of an argument list: a call ends with ";". Numbers are C literals, "@name" a
// constant below, "!" an unreadable pointer, "~" a null pointer, "#long" a string of PATH_MAX
// characters, everything else a string.
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <linux/userfaultfd.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

struct constant { const char *name; long value; };
#include "constants.inc"

static long lookup(const struct constant *table, const char *name) {
  for (; table->name; table++) if (!strcmp(table->name, name)) return table->value;
  fprintf(stderr, "no constant %s\n", name);
  exit(96);
}

static long last;
// What a program that includes this one makes of further words.
static int (*more_words)(char *word, long *value);

static long value(char *word) {
  long made;
  if (more_words && more_words(word, &made)) return made;
  if (*word == '@') return lookup(constants, word + 1);
  if (!strcmp(word, "!")) return 0x10;
  if (!strcmp(word, "~")) return 0;
  if (!strcmp(word, "$")) return last;
  if (!strcmp(word, "#long")) {
    char *text = calloc(1, 8192);
    return (long)memset(text, 'a', 8191);
  }
  if (!strcmp(word, "#edge") || !strncmp(word, "#edge=", 6)) {
    // A string that ends with the last byte of its page, nothing mapped behind.
    char *page = mmap(0, 8192, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    munmap(page + 4096, 4096);
    size_t length = strlen(word + 6) + 1;
    return (long)memcpy(page + 4096 - length, word + 6, length);
  }
  if (!strncmp(word, "#secret=", 8)) {
    int fd = syscall(447, 0);
    if (fd < 0 || ftruncate(fd, 4096) < 0) return 0x10;
    char *page = mmap(0, 4096, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
    if (page == MAP_FAILED) return 0x10;
    return (long)strcpy(page, word + 8);
  }
  if (!strcmp(word, "#fault")) {
    // A page that its userfaultfd(2) handler never fills.
    int fd = syscall(SYS_userfaultfd, O_CLOEXEC);
    struct uffdio_api api = {.api = UFFD_API};
    char *page = mmap(0, 4096, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    struct uffdio_register all = {
      .range = {(uint64_t)page, 4096}, .mode = UFFDIO_REGISTER_MODE_MISSING,
    };
    if (fd < 0 || ioctl(fd, UFFDIO_API, &api) || ioctl(fd, UFFDIO_REGISTER, &all)) exit(95);
    return (long)page;
  }
  if (!strncmp(word, "#xattr=", 7)) {
    // struct xattr_args: value, size, flags.
    uint64_t *args = calloc(2, 8);
    args[0] = (uint64_t)(word + 7);
    args[1] = strlen(word + 7);
    return (long)args;
  }
  if (!strncmp(word, "#ethtool=", 9)) {
    // struct ifreq: the loopback interface, and a pointer to what begins with the command.
    char *request = calloc(1, 4096);
    strcpy(request, "lo");
    *(uint32_t *)(request + 1024) = atoi(word + 9);
    *(char **)(request + 16) = request + 1024;
    return (long)request;
  }
  if (!strncmp(word, "#hex=", 5)) {
    size_t length = strlen(word + 5) / 2;
    unsigned char *bytes = calloc(1, length + 8);
    for (size_t i = 0; i < length; i++) {
      unsigned byte;
      sscanf(word + 5 + 2 * i, "%2x", &byte);
      bytes[i] = byte;
    }
    return (long)bytes;
  }
  char *end;
  long number = strtol(word, &end, 0);
  if (*end == 0 && *word) return number;
  return (long)word;
}

static void run_words(int argc, char **argv) {
  for (int i = 1; i < argc; i++) {
    const char *name = argv[i++];
    long a[6] = {0};
    int count = 0;
    for (; i < argc && strcmp(argv[i], ";"); i++) {
      char *word = argv[i];
      if (!strcmp(word, "|")) { a[count] = a[count - 1]; continue; }
      long v = value(word);
      // "A +B" joins flags.
      if (*word == '+') { a[count - 1] |= value(word + 1); continue; }
      if (count < 6) a[count++] = v;
    }
    if (!strcmp(name, "getsockname")) {
      struct sockaddr_un bound = {0};
      socklen_t length = sizeof bound;
      syscall(SYS_getsockname, a[0], &bound, &length);
      printf("getsockname: %s\n", bound.sun_path);
      continue;
    }
    errno = 0;
    long result = syscall(lookup(calls, name), a[0], a[1], a[2], a[3], a[4], a[5]);
    int error = errno;
    last = result;
    int opens =
      !strncmp(name, "open", 4) || !strcmp(name, "creat") || !strcmp(name, "memfd_create");
    if (result >= 0 && opens) {
      int flags = fcntl(result, F_GETFL);
      printf("%s: fd cloexec=%d flags=%o", name, fcntl(result, F_GETFD), flags & ~0100000);
      if ((flags & O_ACCMODE) != O_RDONLY && write(result, "x", 1) == 1) printf(" written");
      printf("\n");
    } else printf("%s: %ld %s\n", name, result, result < 0 ? strerrorname_np(error) : "-");
  }
}

#ifndef WITHOUT_MAIN
int main(int argc, char **argv) {
  setvbuf(stdout, NULL, _IONBF, 0);
  run_words(argc, argv);
  return 0;
}
#endif
