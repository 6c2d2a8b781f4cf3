// What every case of the transparency suite is made of. A case prints what it sees; the suite
// compares what was printed outside any domain with what was printed inside one. So a case prints
// nothing that differs between two runs: no ids, times, inodes.
#ifndef TRANSPARENT_H
#define TRANSPARENT_H
#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/types.h>
#include <sys/wait.h>
#include <unistd.h>

// Registers `body(argument)` as a case; each runs in a process of its own, in an empty folder of
// its own.
void add_case(const char *name, void (*body)(long argument), long argument);
// The same for one of very many that differ in two things: a run tries the cases of one turn.
#define TURNS 3
void add_product_case(const char *name, void (*body)(long argument), long argument, int turn);

#define CASE(area, name)                                               \
  static void area##_##name(long argument);                            \
  __attribute__((constructor)) static void add_##area##_##name(void) { \
    add_case(#area "/" #name, area##_##name, 0);                       \
  }                                                                    \
  static void area##_##name(__attribute__((unused)) long argument)

// Prints `text = value` or `text = -1 ENAME`.
long say(const char *text, long value);
#define SAY(call) say(#call, (long)(call))

// Like SAY for a call that returns a descriptor on success: prints that it worked, not its number.
int say_descriptor(const char *text, int descriptor);
#define SAY_FD(call) say_descriptor(#call, (call))

// Type, mode, size, links, owner and group (as given numbers only if small) of a name, or the
// error.
void say_file(const char *path);
// F_GETFL, F_GETFD and what fstat says.
void say_open(int descriptor);
// The file's bytes.
void say_content(const char *path);
void put(const char *path, const char *text);
// Waits and prints how it ended.
void say_end(const char *text, pid_t child);
// Executes `path` in a child and prints how it ended.
void run(const char *path, char *const argv[], char *const env[]);
// Arguments and environment for it.
extern char *plain[], *none[];
// Runs `body` in a child and prints how it ended.
#define IN_CHILD(...)         \
  do {                        \
    fflush(stdout);           \
    pid_t child_ = fork();    \
    if (child_ == 0) {        \
      __VA_ARGS__;            \
      fflush(stdout);         \
      _exit(0);               \
    }                         \
    say_end("child", child_); \
  } while (0)
#endif
