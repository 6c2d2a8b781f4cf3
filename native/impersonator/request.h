/* What a mediator asks of an impersonator: `src/mediate/calls/impersonator/` writes it, and
   `test/kernel/struct-check.test.ts` compares the two. Offsets count from the request's start. */
#include <stdint.h>

/* Descriptors that it finds; those that the call is about follow. */
enum { REPLY = 0, REQUEST = 1, FIRST_OF_CALL = 2 };
/* System calls of one request. */
#define STEPS_MAX 2
/* The limit of descriptors stays what it is. */
#define DESCRIPTORS_AS_THEY_ARE UINT64_MAX

/* A system call, with these of the capabilities in effect. */
struct step {
  uint64_t effective, number, arguments[6];
};

struct request {
  /* Real, effective, saved, of the file system. */
  uint32_t uid[4], gid[4];
  uint64_t permitted;
  /* RLIMIT_NOFILE, by which the kernel limits descriptors in flight too. */
  uint64_t descriptors;
  /* Supplementary groups, u32 each. */
  uint32_t groups, group_count;
  /* Where offsets stand that are to become pointers, u64 each. */
  uint32_t pointers, pointer_count;
  /* The mediator. */
  uint32_t parent;
  uint32_t step_count;
  /* The last call makes a descriptor, which goes back with the reply. */
  uint32_t gives_descriptor;
  struct step steps[STEPS_MAX];
};

/* Nothing was called. */
enum { STATE_NOT_BECOME = 0, STATE_DONE = 1 };

struct reply {
  int64_t result;
  uint64_t state;
};
