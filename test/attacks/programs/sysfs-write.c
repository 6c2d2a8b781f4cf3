// title: write a device attribute below /sys
// as: root
// event: name/write kernel
#include "attack.h"
static void attack(void) { TRY(open("/sys/kernel/mm/transparent_hugepage/enabled", O_WRONLY)); }
