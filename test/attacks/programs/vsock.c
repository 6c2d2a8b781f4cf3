// title: open a vsock socket: a covert channel to the hypervisor and other machines
// as: both
// event: socket/create broker
#include "attack.h"
static void attack(void) { TRY(socket(40, SOCK_STREAM, 0)); }
