// title: run code written into System V memory that is mapped twice
// as: root
// event: memory/use broker
// policy: server
#include "written-code.h"
#include <sys/ipc.h>
#include <sys/shm.h>
static void attack(void) {
  int id = NEED(shmget(IPC_PRIVATE, PAGE, 0700));
  void *written = shmat(id, 0, 0);
  mapped(written, "shmat");
  void *run = shmat(id, 0, SHM_RDONLY | SHM_EXEC);
  int error = errno;
  shmctl(id, IPC_RMID, 0);
  errno = error;
  mapped(run, "shmat for execution");
  memcpy(written, written_code, sizeof written_code);
  run_written(run);
}
