// Opens a file behind a link that somebody else turns.
#include "../programs/attack.h"
static void attack(void) { TRY(open(in_scratch("granted/way/file"), O_RDONLY)); }
