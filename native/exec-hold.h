/* Executing in a supervised domain. The mediator judges an execve by its path, and the kernel reads
   that path again. So the holder traces the caller while the kernel works on the call. The process
   stops before the new program's first instruction (PTRACE_EVENT_EXEC, ptrace(2)), and continues
   only if that is the judged program. No function here blocks. */
#ifndef EXEC_HOLD_H
#define EXEC_HOLD_H
#include <sys/types.h>

#include "plan-layout.h"

/* Begins the executions that mediators have left in the slots, one per process at a time. Call it
   after every bell and after every waitpid(2). */
void exec_hold_begin(int listener, uint8_t *slots);

/* Takes a result of waitpid(2). Returns true if it was a stop for a held call: the caller has
   nothing more to do. */
bool exec_hold_hears(uint8_t *slots, pid_t process, int status);

/* Whether something has been left for the mediator since the last call. */
bool exec_hold_has_news(void);

/* Tells the other side to look at the slots. If the socket is full, an earlier bell is still
   unread. */
void exec_bell_ring(int bell);

/* Takes a bell; false at the connection's end. */
bool exec_bell_hear(int bell);

#endif
