// title: open a ping socket
// as: root
// event: none
#include "attack.h"
static void attack(void) { TRY(socket(AF_INET, SOCK_DGRAM, IPPROTO_ICMP)); }
