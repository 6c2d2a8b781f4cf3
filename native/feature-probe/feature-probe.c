/* feature-probe: a throw-away process that restricts itself, to find out what the kernel has for
   its caller, which could not take that back. It makes the system calls of the program on standard
   input (program.h) one after the other on its main thread, and writes the results of all steps to
   standard output, 64 bits each. What is tried, and what it means, is in src/kernel/probe/. */
#include <errno.h>
#include <pthread.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "program.h"

/* Far above what a probe takes. */
#define MEMORY_MAX 65536
#define STEPS_MAX 256

static _Alignas(16) unsigned char memory[MEMORY_MAX];
static struct step steps[STEPS_MAX];
static int64_t results[STEPS_MAX];

/* The call of STEP_START; one at a time. */
static struct call {
  uint64_t number, arguments[ARGUMENTS];
  int64_t result;
} started;
static pthread_t thread;
static bool has_thread;

static _Noreturn void fail(const char *what)
{
  fprintf(stderr, "feature-probe: %s\n", what);
  exit(1);
}

static void take(void *to, size_t bytes)
{
  for (size_t at = 0; at < bytes;) {
    ssize_t got = read(STDIN_FILENO, (char *)to + at, bytes - at);
    if (got <= 0) fail("the program on standard input is cut off");
    at += (size_t)got;
  }
}

static void give(const void *from, size_t bytes)
{
  for (size_t at = 0; at < bytes;) {
    ssize_t put = write(STDOUT_FILENO, (const char *)from + at, bytes - at);
    if (put <= 0) fail("the results cannot be written");
    at += (size_t)put;
  }
}

static int64_t make(const struct call *call)
{
  const uint64_t *a = call->arguments;
  long result = syscall((long)call->number, a[0], a[1], a[2], a[3], a[4], a[5]);
  return result == -1 ? -errno : result;
}

static void *make_started(void *unused)
{
  started.result = make(&started);
  return unused;
}

/* What an argument of a step means; steps from `done` on have no result yet. */
static uint64_t value(const struct step *step, size_t at, size_t done)
{
  uint64_t given = step->arguments[at];
  switch (step->argument_kinds[at]) {
  case ARGUMENT_NUMBER:
    return given;
  case ARGUMENT_ADDRESS:
    if (given >= MEMORY_MAX) fail("an address is outside of the memory");
    return (uint64_t)(memory + given);
  case ARGUMENT_RESULT:
    if (given >= done) fail("a step wants a later one's result");
    return (uint64_t)results[given];
  default:
    fail("an argument is of no known kind");
  }
}

static int64_t do_step(const struct step *step, const struct call *call)
{
  const uint64_t *a = call->arguments;
  switch (step->kind) {
  case STEP_CALL:
    return make(call);
  case STEP_START:
    if (has_thread) fail("a thread has been started already");
    started = *call;
    if (pthread_create(&thread, NULL, make_started, NULL) != 0) fail("no thread can be started");
    has_thread = true;
    return 0;
  case STEP_JOIN:
    if (!has_thread) fail("no thread has been started");
    if (pthread_join(thread, NULL) != 0) fail("the thread cannot be waited for");
    has_thread = false;
    return started.result;
  case STEP_NEED:
    return 0;
  case STEP_STORE:
    memcpy((void *)a[0], &(uint32_t){(uint32_t)a[1]}, sizeof(uint32_t));
    return 0;
  case STEP_COPY:
    memcpy((void *)a[0], (const void *)a[1], a[2]);
    return 0;
  case STEP_POINT:
    memcpy((void *)a[0], &a[1], sizeof(uint64_t));
    return 0;
  default:
    fail("a step is of no known kind");
  }
}

int main(void)
{
  struct program program;
  take(&program, sizeof(program));
  if (program.memory > MEMORY_MAX || program.steps > STEPS_MAX) fail("the program is too long");
  take(memory, program.memory);
  take(steps, program.steps * sizeof(struct step));
  int64_t failed = 0;
  for (size_t index = 0; index < program.steps; index++) {
    struct call call = {.number = steps[index].number};
    for (size_t at = 0; failed == 0 && at < ARGUMENTS; at++)
      call.arguments[at] = value(&steps[index], at, index);
    if (steps[index].kind == STEP_NEED && failed == 0 && (int64_t)call.arguments[0] < 0)
      failed = (int64_t)call.arguments[0];
    results[index] = failed == 0 ? do_step(&steps[index], &call) : failed;
  }
  give(results, program.steps * sizeof(int64_t));
  /* Whatever the thread still waits for. */
  _exit(0);
}
