// title: open a raw socket
// as: root
// event: socket/create broker
#include "attack.h"
static void attack(void) { TRY(socket(AF_INET, SOCK_RAW, IPPROTO_ICMP)); }
