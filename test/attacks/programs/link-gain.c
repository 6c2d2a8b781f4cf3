// title: hard link a secret into a granted directory
// as: both
// event: two-names/link broker
#include "attack.h"
static void attack(void) { TRY(link(in_scratch("secret/file"), in_scratch("granted/linked"))); }
