// Opens a file that one policy grants and another one does not.
#include "../programs/attack.h"
static void attack(void) { TRY(open(in_scratch("granted/file"), O_RDWR)); }
