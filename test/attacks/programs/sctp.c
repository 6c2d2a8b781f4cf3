// title: make an SCTP socket
// as: both
// event: none
#include "attack.h"
static void attack(void) { TRY(socket(AF_INET, SOCK_STREAM, 132)); }
