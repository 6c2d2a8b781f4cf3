/* Which of the caller's descriptors the daemon gets. */
#ifndef DESCRIPTORS_H
#define DESCRIPTORS_H
#include "plan.h"

/* Fills closed standard descriptors, so that nothing of ours is opened under their numbers. A confined daemon finds /dev/null
   there, one of a disabled domain finds them closed again. */
void descriptors_hold(void);

/* Moves reports off descriptor 2 and closes everything the plan does not grant beyond descriptor 2. */
void descriptors_close(const struct plan *plan);

/* Replaces standard descriptors that are not granted by /dev/null. */
void descriptors_replace(const struct plan *plan);

/* Closes every descriptor but the `count` ones in `kept`, in any order, -1 ignored. 0, or -1 with errno. */
int close_all_but(const int *kept, int count);

#endif
