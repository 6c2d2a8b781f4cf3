// title: listen without bind: the kernel picks a port
// as: both
// event: address/listen broker
#include "attack.h"
static void attack(void) { TRY(listen(NEED(socket(AF_INET, SOCK_STREAM, 0)), 1)); }
