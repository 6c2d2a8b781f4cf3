/* A mediator's request to an impersonator. `src/mediate/calls/impersonator/` writes it;
   `test/kernel/struct-check.test.ts` compares the two layouts. Offsets count from the request's
   start. */
#include <stdint.h>

/* The impersonator's own descriptors; those of the call follow. */
enum { REPLY = 0, REQUEST = 1, FIRST_OF_CALL = 2 };
/* Limit on the system calls of a request. */
#define STEPS_MAX 2
#define DESCRIPTORS_AS_THEY_ARE UINT64_MAX

struct step {
  uint64_t effective, number, arguments[6];
};

struct request {
  /* Real, effective, saved, file-system. */
  uint32_t uid[4], gid[4];
  uint64_t permitted;
  /* RLIMIT_NOFILE, which also limits descriptors in flight. */
  uint64_t descriptors;
  /* Supplementary groups, u32 each. */
  uint32_t groups, group_count;
  /* The offsets of fields that contain offsets and become pointers, u64 each. */
  uint32_t pointers, pointer_count;
  /* The mediator's process id. */
  uint32_t parent;
  uint32_t step_count;
  uint32_t gives_descriptor;
  struct step steps[STEPS_MAX];
};

/* STATE_NOT_BECOME: no call was made. */
enum { STATE_NOT_BECOME = 0, STATE_DONE = 1 };

struct reply {
  int64_t result;
  uint64_t state;
};
