// title: create a name in a directory granted for reading
// as: both
// event: name/create broker
#include "attack.h"
static void attack(void) { TRY(open(in_scratch("readonly/new"), O_CREAT | O_WRONLY, 0600)); }
