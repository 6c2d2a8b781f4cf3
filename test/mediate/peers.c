// What the peers of a brokered unix socket are told. Prints one line for each question: "QUESTION:
// self" or "QUESTION: pid uid gid" of another process. Arguments: NAME of the socket; "threads"
// to have a second thread meanwhile.
#define _GNU_SOURCE
#include <pthread.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

static void *idle(void *unused) { pause(); return unused; }

static void tell(const char *question, struct ucred who) {
  int sameUser = who.uid == getuid() && who.gid == getgid();
  if (sameUser && who.pid == getpid()) printf("%s: self\n", question);
  else if (sameUser) printf("%s: another process of the same user\n", question);
  else printf("%s: %d %d %d\n", question, who.pid, who.uid, who.gid);
}

int main(int argc, char **argv) {
  pthread_t thread;
  if (argc > 2) pthread_create(&thread, 0, idle, 0);
  setvbuf(stdout, NULL, _IONBF, 0);
  struct sockaddr_un name = {.sun_family = AF_UNIX};
  strcpy(name.sun_path, argv[1]);
  int server = socket(AF_UNIX, SOCK_STREAM, 0), client = socket(AF_UNIX, SOCK_STREAM, 0);
  if (bind(server, (void *)&name, sizeof name) || listen(server, 3)) { perror("listen"); return 1; }
  if (connect(client, (void *)&name, sizeof name)) { perror("connect"); return 1; }
  struct ucred who;
  socklen_t length = sizeof who;
  getsockopt(client, SOL_SOCKET, SO_PEERCRED, &who, &length);
  tell("who listens", who);
  int accepted = accept(server, 0, 0), on = 1;
  getsockopt(accepted, SOL_SOCKET, SO_PEERCRED, &who, &length);
  tell("who connected", who);
  setsockopt(accepted, SOL_SOCKET, SO_PASSCRED, &on, sizeof on);
  char text[8];
  union { char bytes[64]; struct cmsghdr align; } control;
  struct iovec piece = {"hello", 5}, into = {text, sizeof text};
  struct msghdr out = {.msg_iov = &piece, .msg_iovlen = 1};
  if (sendmsg(client, &out, 0) != 5) { perror("sendmsg"); return 1; }
  struct msghdr in = {
    .msg_iov = &into, .msg_iovlen = 1, .msg_control = &control, .msg_controllen = sizeof control,
  };
  if (recvmsg(accepted, &in, 0) != 5 || memcmp(text, "hello", 5)) { perror("recvmsg"); return 1; }
  memcpy(&who, CMSG_DATA(CMSG_FIRSTHDR(&in)), sizeof who);
  tell("who sent", who);
  struct iovec many[2] = {{"one", 3}, {"two", 3}};
  struct mmsghdr messages[2] = {
    {.msg_hdr = {.msg_iov = many, .msg_iovlen = 2}},
    {.msg_hdr = {.msg_iov = many, .msg_iovlen = 1}},
  };
  int sent = sendmmsg(client, messages, 2, 0);
  printf("sendmmsg: %d of length %u\n", sent, messages[0].msg_len);
  out.msg_control = &control;
  out.msg_controllen = CMSG_SPACE(sizeof(int));
  control.align = (struct cmsghdr){
    .cmsg_len = CMSG_LEN(sizeof(int)), .cmsg_level = SOL_SOCKET, .cmsg_type = SCM_RIGHTS,
  };
  memcpy(CMSG_DATA(&control.align), &server, sizeof server);
  if (sendmsg(client, &out, 0) < 0) {
    printf("descriptors: refused\n");
    return 0;
  }
  in.msg_controllen = sizeof control;
  /* Of the two messages of sendmmsg first. */
  for (int taken = 0; taken < 9;) taken += (int)recv(accepted, text, (size_t)(9 - taken), 0);
  if (recvmsg(accepted, &in, 0) != 5) { perror("recvmsg"); return 1; }
  int arrived = -1;
  for (struct cmsghdr *piece = CMSG_FIRSTHDR(&in); piece; piece = CMSG_NXTHDR(&in, piece)) {
    if (piece->cmsg_type == SCM_RIGHTS) memcpy(&arrived, CMSG_DATA(piece), sizeof arrived);
    else memcpy(&who, CMSG_DATA(piece), sizeof who);
  }
  struct stat sent_from, found;
  int same = fstat(server, &sent_from) == 0 && fstat(arrived, &found) == 0 &&
             sent_from.st_ino == found.st_ino;
  printf("descriptors: %s\n", same ? "arrived" : "lost");
  tell("who sent them", who);
  return 0;
}
