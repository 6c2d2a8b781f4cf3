// title: open a kernel crypto socket
// as: both
// event: none
#include "attack.h"
static void attack(void) { TRY(socket(38, SOCK_SEQPACKET, 0)); }
