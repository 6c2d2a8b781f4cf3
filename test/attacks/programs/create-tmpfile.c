// title: make an unnamed file in a directory granted for reading
// as: both
// event: name/create broker
#include "attack.h"
static void attack(void) { TRY(open(in_scratch("readonly"), O_TMPFILE | O_RDWR, 0600)); }
