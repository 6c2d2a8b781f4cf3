/* What `feature-probe` reads from standard input: the head, then `memory` bytes, then the steps.
   `src/kernel/probe/child.ts` writes it; `test/kernel/probe-child.test.ts` compares the layouts. */
#include <stdint.h>

struct program {
  uint64_t memory, steps;
};

enum step_kind {
  /* number(arguments): the result is the call's, or the negative errno. */
  STEP_CALL,
  /* The same on a new thread, which inherits filters and layers. The result is 0. */
  STEP_START,
  /* The result of the thread's call, at its end. */
  STEP_JOIN,
  /* If argument 0 is negative, it is the result of all later steps, and none is done. */
  STEP_NEED,
  /* Writes argument 1 to address 0: 32 bits. */
  STEP_STORE,
  /* Copies to address 0 from address 1 as many bytes as argument 2 says. */
  STEP_COPY,
  /* Writes argument 1, an address, to address 0: 64 bits. */
  STEP_POINT,
};

/* What an argument means. */
enum argument_kind {
  ARGUMENT_NUMBER,
  /* An offset in the memory, which becomes its address. */
  ARGUMENT_ADDRESS,
  /* The index of an earlier step, which becomes its result. */
  ARGUMENT_RESULT,
};

#define ARGUMENTS 6

struct step {
  uint8_t kind;
  uint8_t argument_kinds[ARGUMENTS];
  uint8_t padding;
  uint64_t number;
  uint64_t arguments[ARGUMENTS];
};
