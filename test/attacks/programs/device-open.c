// title: open a device that is not granted and ask it by ioctl
// as: root
// event: name/read kernel
#include "attack.h"
static void attack(void) { TRY(open("/dev/kmsg", O_RDONLY)); }
