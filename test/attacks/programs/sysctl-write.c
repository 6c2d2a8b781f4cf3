// title: write a kernel setting below /proc/sys
// as: root
// event: name/write kernel
#include "attack.h"
static void attack(void) { TRY(open("/proc/sys/kernel/core_pattern", O_WRONLY)); }
