/* Executing in a supervised domain. A mediator judges an execve by its path, and the kernel reads
   that path again. So the holder traces the caller while the kernel works on the call: it stops
   where the new program has run no instruction (PTRACE_EVENT_EXEC, ptrace(2)), and goes on if that
   is the program that was judged. Nothing here waits for anybody. */
#ifndef EXEC_HOLD_H
#define EXEC_HOLD_H
#include <sys/types.h>

#include "plan-layout.h"

/* Begins what mediators have left in the slots, as far as its turn has come. To be called after
   every bell, and after all that waitpid(2) tells. */
void exec_hold_begin(int listener, uint8_t *slots);

/* Told of everything that waitpid(2) says. True where that was the stop of a call that is held,
   which is nobody else's business. */
bool exec_hold_hears(uint8_t *slots, pid_t process, int status);

/* Whether something has been left for the mediator since this was last asked. */
bool exec_hold_has_news(void);

/* Tells the other side to look at the slots. A full socket has told it already. */
void exec_bell_ring(int bell);

/* Takes what has been told; false at the connection's end. */
bool exec_bell_hear(int bell);

#endif
