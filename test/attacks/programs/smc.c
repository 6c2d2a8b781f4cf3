// title: make an SMC socket
// as: both
// event: none
#include "attack.h"
static void attack(void) { TRY(socket(43, SOCK_STREAM, 0)); }
