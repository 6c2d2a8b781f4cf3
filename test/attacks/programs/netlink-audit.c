// title: open an audit netlink socket
// as: both
// event: socket/create broker
#include "attack.h"
static void attack(void) { TRY(socket(AF_NETLINK, SOCK_RAW, 9)); }
