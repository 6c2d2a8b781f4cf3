/* Calls in flight, in the memory that holder and mediator share (src/plan/slots.ts). */
#ifndef SLOTS_H
#define SLOTS_H
#include <stdbool.h>
#include <stdint.h>

/* Answers what a dead mediator left: the recorded response of each call that is done, EIO for the others. Clears the slots.
   Returns whether that mediator had answered any call. */
bool slots_settle(int listener, uint8_t *slots);

/* Receives one call and answers it with EACCES. */
void slots_deny_one(int listener, uint8_t *slots);

#endif
