// title: create another name beside an exactly granted one
// as: both
// event: name/create broker
#include "attack.h"
static void attack(void) { TRY(open(in_scratch("exact/other"), O_CREAT | O_WRONLY, 0600)); }
