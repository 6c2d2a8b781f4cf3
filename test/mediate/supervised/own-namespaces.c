// own-namespaces KIND: makes a namespace of its own at level warning and marks it, and says what it
// is given of it at level enforcing. KIND: net, ipc.
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <linux/if_tun.h>
#include <net/if.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/msg.h>
#include <sys/socket.h>
#include <unistd.h>

static void fail(const char *call) {
  printf("%s: %s\n", call, strerrorname_np(errno));
  exit(1);
}
#define must(call) ({ int got_ = (call); if (got_ < 0) fail(#call); got_; })

static void show(const char *how, int fd) {
  char text[64] = {0};
  if (fd < 0 || read(fd, text, sizeof text - 1) < 0)
    snprintf(text, sizeof text, "%s\n", strerrorname_np(errno));
  printf("%s: %s", how, text);
  close(fd);
}

static void show_entry(const char *folder, const char *entry) {
  char path[128], link[64];
  snprintf(path, sizeof path, "%s/%s", folder, entry);
  show("by name", open(path, O_RDONLY));
  show("not following", open(path, O_RDONLY | O_NOFOLLOW));
  show("below a folder", openat(must(open(folder, O_PATH | O_DIRECTORY)), entry, O_RDONLY));
  int named = open(path, O_PATH);
  snprintf(link, sizeof link, "/proc/self/fd/%d", named);
  show("by descriptor", open(link, O_RDONLY));
}

// The interface appears in the namespace in which the device was opened.
static void show_tun(int network) {
  struct ifreq request = {.ifr_flags = IFF_TUN | IFF_NO_PI};
  strcpy(request.ifr_name, "cofferdamtest");
  int fd = open("/dev/net/tun", O_RDWR);
  if (fd < 0 || ioctl(fd, TUNSETIFF, &request)) printf("tun: %s\n", strerrorname_np(errno));
  else printf("tun: %s\n", ioctl(network, SIOCGIFINDEX, &request) ? "another's" : "its own");
}

// Of one's own: by its key.
#define QUEUE 1984291
static void show_queues(int fd) {
  char text[4096] = {0};
  if (fd < 0 || read(fd, text, sizeof text - 1) < 0) printf("queues: %s\n", strerrorname_np(errno));
  else printf(strstr(text, "1984291 ") ? "a queue\n" : "no queue\n");
}

static void mark(const char *entry, const char *value) {
  int fd = must(open(entry, O_WRONLY));
  must(write(fd, value, strlen(value)));
  close(fd);
}

int main(int argc, char **argv) {
  int is_network = argc == 2 && !strcmp(argv[1], "net");
  setvbuf(stdout, NULL, _IONBF, 0);
  must(unshare(is_network ? CLONE_NEWNET : CLONE_NEWIPC));
  int network = must(socket(AF_UNIX, SOCK_STREAM, 0));
  if (is_network) mark("/proc/sys/net/ipv4/ip_default_ttl", "77");
  else {
    mark("/proc/sys/kernel/msgmax", "4321");
    must(msgget(QUEUE, IPC_CREAT | 0600));
  }
  close(must(open("ready", O_CREAT | O_WRONLY, 0600)));
  while (access("go", F_OK)) usleep(1000);
  if (is_network) {
    show_entry("/proc/sys/net/ipv4", "ip_default_ttl");
    show_tun(network);
  } else {
    show_entry("/proc/sys/kernel", "msgmax");
    show_queues(open("/proc/sysvipc/msg", O_RDONLY));
  }
  show("everybody's", open("/proc/sys/kernel/ostype", O_RDONLY));
  return 0;
}
