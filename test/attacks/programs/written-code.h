// Code that an attack writes and then runs.
#pragma once
#include "attack.h"
#define PAGE 4096
/* mov eax, 42; ret */
static const unsigned char written_code[] = {0xb8, 42, 0, 0, 0, 0xc3};
static inline void *mapped(void *memory, const char *what) {
  if (memory == MAP_FAILED) refused(what);
  return memory;
}
static inline _Noreturn void run_written(void *memory) {
  if (((int (*)(void))memory)() == 42) succeeded("the code that was written has run");
  refused("other code has run");
}
