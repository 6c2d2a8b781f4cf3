// Opens a file behind a link that another process changes.
#include "../programs/attack.h"
static void attack(void) { TRY(open(in_scratch("granted/way/file"), O_RDONLY)); }
