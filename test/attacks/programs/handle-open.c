// title: open a secret by file handle, without a path
// as: root
// event: syscall/name_to_handle_at broker
#include "attack.h"
static void attack(void) {
  struct { struct file_handle h; unsigned char space[128]; } f = {.h = {.handle_bytes = 128}};
  int mount_id;
  STEP(name_to_handle_at(AT_FDCWD, in_scratch("secret/file"), &f.h, &mount_id, 0));
  int dir = NEED(open(in_scratch("granted"), O_RDONLY | O_DIRECTORY));
  TRY(open_by_handle_at(dir, &f.h, O_RDONLY));
}
