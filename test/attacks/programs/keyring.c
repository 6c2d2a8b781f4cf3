// title: add a key to the kernel keyring
// as: both
// event: syscall/add_key broker
#include "attack.h"
static void attack(void) { TRY(syscall(SYS_add_key, "user", "cofferdam-attack", "x", 1, -2)); }
