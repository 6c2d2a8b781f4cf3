#ifndef HOLDER_PROCESS_H
#define HOLDER_PROCESS_H
#include "holder.h"

/* The life of the holder, from its birth beside the launcher to the end of the last process of the domain. */
_Noreturn void holder_process(struct handover *handover, const struct holdings *holdings);

#endif
