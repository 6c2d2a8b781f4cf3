/* Ways out of a shell that take system calls: break-out VICTIM PATH... prints `OUT way` for each
   that works. VICTIM is a process outside, of the same user; each PATH a unix socket of somebody
   else's. */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mount.h>
#include <sys/ptrace.h>
#include <sys/resource.h>
#include <sys/shm.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <sys/un.h>
#include <unistd.h>

static void way(const char *name, long result)
{
  if (result >= 0)
    printf("OUT %s\n", name);
  fflush(stdout);
}

static long connect_to(const char *path, int type)
{
  struct sockaddr_un address = {.sun_family = AF_UNIX};
  socklen_t length = sizeof address;
  strncpy(address.sun_path, path, sizeof address.sun_path - 1);
  if (*path == '@') {
    address.sun_path[0] = 0;
    length = (socklen_t)(offsetof(struct sockaddr_un, sun_path) + strlen(path));
  }
  int fd = socket(AF_UNIX, type, 0);
  long result = connect(fd, (struct sockaddr *)&address, length);
  close(fd);
  return result;
}

int main(int argc, char **argv)
{
  pid_t victim = argc > 1 ? atoi(argv[1]) : 1;
  char proc[64], byte = 0, path[64];
  int fd;
  way("signal 0", kill(victim, 0));
  way("stop", kill(victim, SIGCONT));
  way("seize", ptrace(PTRACE_SEIZE, victim, 0, 0));
  way("read memory", process_vm_readv(victim, &(struct iovec){&byte, 1}, 1,
      &(struct iovec){(void *)0x400000, 1}, 1, 0) == 1 ? 0 : -1);
  snprintf(proc, sizeof proc, "/proc/%d/mem", victim);
  way("open memory", open(proc, O_RDWR));
  snprintf(proc, sizeof proc, "/proc/%d/fd/0", victim);
  way("open its input", open(proc, O_RDWR));
  snprintf(proc, sizeof proc, "/proc/%d/root/etc/passwd", victim);
  way("through its root", open(proc, O_RDONLY | O_DIRECTORY) >= 0 ? 0 : -1);
  fd = (int)syscall(SYS_pidfd_open, victim, 0);
  way("take its descriptor", syscall(SYS_pidfd_getfd, fd, 0, 0));
  way("signal by pidfd", syscall(SYS_pidfd_send_signal, fd, 0, NULL, 0));
  way("enter its namespaces", setns(fd, CLONE_NEWNS | CLONE_NEWNET));
  way("limit it", prlimit(victim, RLIMIT_CORE, &(struct rlimit){0, 0}, NULL));
  way("type into the terminal", ioctl(STDIN_FILENO, TIOCSTI, "\n"));
  fd = open("/dev/tty", O_RDWR);
  way("type into /dev/tty", fd < 0 ? -1 : ioctl(fd, TIOCSTI, "\n"));
  way("a namespace of users", unshare(CLONE_NEWUSER));
  way("mount", mount("none", ".", "tmpfs", 0, NULL));
  way("chroot", chroot("."));
  way("module", syscall(SYS_init_module, &byte, 1, "") == 0 ? 0 : -1);
  way("bpf", syscall(SYS_bpf, 0, NULL, 0) == 0 ? 0 : errno == EPERM || errno == ENOSYS
      || errno == EACCES ? -1 : 0);
  way("io_uring", syscall(SYS_io_uring_setup, 1, path));
  way("keys", syscall(SYS_keyctl, 0, -4, 0, 0, 0));
  way("raw socket", socket(AF_INET, SOCK_RAW, 1));
  way("vsock", socket(AF_VSOCK, SOCK_STREAM, 0));
  way("memory of others", (long)shmget(0x43464431, 1, 0666));
  for (int i = 2; i < argc; i++) {
    way(argv[i], connect_to(argv[i], SOCK_STREAM));
    way(argv[i], connect_to(argv[i], SOCK_DGRAM));
  }
  puts("end");
  return 0;
}
