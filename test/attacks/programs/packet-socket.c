// title: open a packet socket
// as: root
// event: socket/create broker
#include "attack.h"
static void attack(void) { TRY(socket(AF_PACKET, SOCK_RAW, htons(3))); }
