// The process outside: what the attacks reach for. Prints its addresses as NAME=VALUE, then waits
// until its stdin closes.
#include "attack.h"
#include <mqueue.h>
#include <sys/msg.h>
#include <sys/sem.h>
#include <sys/shm.h>
#include <sys/xattr.h>

// Connections and datagrams are taken and dropped, so that no attack waits at a full queue.
static void *accept_all(void *listener) {
  for (;;) {
    int c = accept((int)(intptr_t)listener, 0, 0);
    if (c >= 0) close(c);
  }
  return 0;
}
static void *read_all(void *socket) {
  char text[256];
  for (;;) (void)!read((int)(intptr_t)socket, text, sizeof text);
  return 0;
}
static void taken_by(void *(*taker)(void *), int s) {
  pthread_t t;
  NEED(-pthread_create(&t, 0, taker, (void *)(intptr_t)s));
}
static int tcp_or_udp(int type) {
  int s = NEED(socket(AF_INET, type, 0));
  struct sockaddr_in a = {.sin_family = AF_INET, .sin_addr = {htonl(INADDR_LOOPBACK)}};
  socklen_t n = sizeof a;
  NEED(bind(s, (void *)&a, sizeof a));
  if (type == SOCK_STREAM) {
    NEED(listen(s, 4096));
    taken_by(accept_all, s);
  }
  NEED(getsockname(s, (void *)&a, &n));
  return ntohs(a.sin_port);
}
static void unix_listener(const char *name, int type) {
  struct sockaddr_un a;
  int s = NEED(socket(AF_UNIX, type, 0));
  socklen_t n = unix_name(&a, name);
  NEED(bind(s, (void *)&a, n));
  chmod(name, 0777);
  if (type == SOCK_STREAM) NEED(listen(s, 128));
  taken_by(type == SOCK_STREAM ? accept_all : read_all, s);
}
static void attack(void) {
  char abstract[64], queue[64];
  struct sockaddr_un a;
  static char marker[8] = "victim!";
  prctl(PR_SET_DUMPABLE, 1, 0, 0, 0);
  int fd = NEED(open(in_scratch("secret/file"), O_RDONLY));
  snprintf(abstract, sizeof abstract, "cofferdam-victim-%d", getpid());
  snprintf(queue, sizeof queue, "cofferdam-victim-%d", getpid());
  int s = NEED(socket(AF_UNIX, SOCK_STREAM, 0));
  socklen_t n = abstract_name(&a, abstract);
  NEED(bind(s, (void *)&a, n));
  NEED(listen(s, 128));
  taken_by(accept_all, s);
  unix_listener(in_scratch("victim.sock"), SOCK_STREAM);
  unix_listener(in_scratch("victim.dgram"), SOCK_DGRAM);
  NEED(setxattr(setting("ATTACK_SCRATCH"), "user.note", "private", 7, 0));
  NEED(chdir(setting("ATTACK_SCRATCH")));
  unix_listener("v.dgram", SOCK_DGRAM);
  int shm = NEED(shmget(IPC_PRIVATE, 4096, 0600)), sem = NEED(semget(IPC_PRIVATE, 1, 0600)),
      msg = NEED(msgget(IPC_PRIVATE, 0600));
  NEED(syscall(SYS_mq_open, queue, O_CREAT | O_RDWR, 0600, 0));
  printf("ATTACK_VICTIM=%d\nATTACK_VICTIM_FD=%d\nATTACK_VICTIM_ADDRESS=%p\nATTACK_ABSTRACT=%s\n"
         "ATTACK_PORT_FOREIGN=%d\nATTACK_PORT_UDP=%d\nATTACK_PORT_GRANTED=%d\n"
         "ATTACK_SHM=%d\nATTACK_SEM=%d\nATTACK_MSG=%d\nATTACK_MQUEUE=%s\nREADY\n",
         getpid(), fd, (void *)marker, abstract, tcp_or_udp(SOCK_STREAM), tcp_or_udp(SOCK_DGRAM),
             tcp_or_udp(SOCK_STREAM), shm, sem, msg, queue);
  fflush(stdout);
  char c;
  while (read(0, &c, 1) > 0) { }
  shmctl(shm, IPC_RMID, 0);
  semctl(sem, 0, IPC_RMID);
  msgctl(msg, IPC_RMID, 0);
  syscall(SYS_mq_unlink, queue);
  succeeded("victim ends");
}
