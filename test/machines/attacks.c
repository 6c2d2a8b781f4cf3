// What an escape from the guest would be: this runs in the emulator's place, as the emulator's
// user, in the machine's domain. Each attack is a child of its own and ends with one line, `NAME:
// succeeded|refused|cannot try: STEP`. Settings come as `-append "KEY=VALUE ..."`, since a
// machine's environment is not its starter's; `-name` has the attacks.
#include "../attacks/programs/attack.h"
#include <linux/if_tun.h>
#include <linux/vm_sockets.h>
#include <net/if.h>
#include <sys/ptrace.h>
#include <sys/uio.h>

static void put(const char *file, const char *text) {
  int fd = STEP(open(setting(file), O_WRONLY | O_APPEND));
  TRY(write(fd, text, strlen(text)));
}
static void look(const char *file) {
  char byte;
  int fd = STEP(open(setting(file), O_RDONLY));
  TRY(read(fd, &byte, 1));
}
static void reach(const char *name) {
  struct sockaddr_un address = {.sun_family = AF_UNIX};
  strcpy(address.sun_path, setting(name));
  int fd = STEP(socket(AF_UNIX, SOCK_STREAM, 0));
  TRY(connect(fd, (struct sockaddr *)&address, sizeof(address)));
}

// The original's break-out: a privileged daemon's configuration, then a signal that makes it read
// that.
static void configuration(void) {
  int fd = STEP(open(setting("CONFIGURATION"), O_WRONLY | O_APPEND));
  STEP(write(fd, "run me\n", 7));
  TRY(kill((pid_t)number("DAEMON"), SIGCONT));
}
static void daemon_signal(void) { TRY(kill((pid_t)number("DAEMON"), SIGCONT)); }
// A ticket that another daemon believes because of the folder in which it lies.
static void ticket(void) { TRY(open(setting("TICKET"), O_CREAT | O_EXCL | O_WRONLY, 0600)); }
// A name that another daemon will write to, made to lead elsewhere before it does.
static void temp_file(void) { TRY(symlink(setting("CONFIGURATION"), setting("TEMP"))); }
static void daemon_socket(void) { reach("DAEMON_SOCKET"); }
static void daemon_port(void) {
  struct sockaddr_in address =
      {AF_INET, htons((uint16_t)number("DAEMON_PORT")), {htonl(INADDR_LOOPBACK)}, {0}};
  int fd = STEP(socket(AF_INET, SOCK_STREAM, 0));
  TRY(connect(fd, (struct sockaddr *)&address, sizeof(address)));
}
static void vsock(void) {
  struct sockaddr_vm address =
      {.svm_family = AF_VSOCK, .svm_cid = VMADDR_CID_ANY, .svm_port = VMADDR_PORT_ANY};
  int fd = STEP(socket(AF_VSOCK, SOCK_STREAM, 0));
  TRY(bind(fd, (struct sockaddr *)&address, sizeof(address)));
}
static void device_ioctl(void) {
  int terminal;
  int fd = STEP(open("/dev/ptmx", O_RDWR | O_NOCTTY));
  TRY(ioctl(fd, TIOCGPTN, &terminal));
}
static void interface(void) {
  struct ifreq request = {.ifr_flags = IFF_TAP | IFF_NO_PI};
  strncpy(request.ifr_name, setting("INTERFACE"), IFNAMSIZ - 1);
  int fd = NEED(open("/dev/net/tun", O_RDWR));
  TRY(ioctl(fd, TUNSETIFF, &request));
}
static void own_interface(void) {
  setenv("INTERFACE", setting("OWN_INTERFACE"), 1);
  interface();
}
static void other_disk_read(void) { look("OTHER_DISK"); }
static void other_disk_write(void) { put("OTHER_DISK", "x"); }
static void other_socket(void) { reach("OTHER_SOCKET"); }
static void other_shared_memory(void) { look("OTHER_MEMORY"); }
static void other_signal(void) { TRY(kill((pid_t)number("OTHER"), SIGCONT)); }
static void other_trace(void) {
  STEP(ptrace(PTRACE_SEIZE, (pid_t)number("OTHER"), 0, 0));
  TRY(ptrace(PTRACE_DETACH, (pid_t)number("OTHER"), 0, 0) < 0 && errno != ESRCH ? -1 : 0);
}
static void other_memory(void) {
  char name[64];
  snprintf(name, sizeof(name), "/proc/%ld/mem", number("OTHER"));
  TRY(open(name, O_RDONLY));
}
static void other_vm_read(void) {
  char byte;
  struct iovec here = {&byte, 1}, there = {(void *)number("OTHER_ADDRESS"), 1};
  TRY(process_vm_readv((pid_t)number("OTHER"), &here, 1, &there, 1, 0));
}
static void parent_write(void) { put("PARENT", "x"); }
static void beside_parent(void) { look("BESIDE_PARENT"); }
static void own_policy(void) { put("POLICY", "\n"); }
static void own_record(void) { put("RECORD", "\n"); }
static void control(void) { reach("CONTROL"); }
static void programs(void) { TRY(execl(setting("PROGRAM"), "true", NULL)); }

static const struct {
  const char *name;
  void (*attack)(void);
} attacks[] = {
    {"configuration", configuration}, {"daemon-signal", daemon_signal}, {"ticket", ticket},
    {"temp-file", temp_file}, {"daemon-socket", daemon_socket}, {"daemon-port", daemon_port},
    {"vsock", vsock}, {"device-ioctl", device_ioctl}, {"interface", interface},
    {"own-interface", own_interface}, {"other-disk-read", other_disk_read},
        {"other-disk-write", other_disk_write},
    {"other-socket", other_socket}, {"other-shared-memory", other_shared_memory},
        {"other-signal", other_signal},
    {"other-trace", other_trace}, {"other-memory", other_memory}, {"other-vm-read", other_vm_read},
    {"parent-write", parent_write}, {"beside-parent", beside_parent}, {"own-policy", own_policy},
    {"own-record", own_record}, {"control", control}, {"programs", programs},
};

static void try_one(const char *name) {
  printf("%s: ", name);
  fflush(stdout);
  for (size_t i = 0; i < sizeof(attacks) / sizeof(*attacks); i++)
    if (strcmp(attacks[i].name, name) == 0) attacks[i].attack();
  cannot_try("no such attack");
}

// The command line as the kernel has it: every machine may read its own.
static char *after(char *line, size_t length, const char *option) {
  for (char *word = line; word < line + length; word += strlen(word) + 1)
    if (strcmp(word, option) == 0) return word + strlen(word) + 1;
  errno = ENOENT;
  cannot_try(option);
}

static void attack(void) {
  static char line[65536];
  int fd = (int)NEED(open("/proc/self/cmdline", O_RDONLY));
  size_t length = (size_t)NEED(read(fd, line, sizeof(line) - 1));
  char *names = strdup(after(line, length, "-name"));
  for (char *word = strtok(strdup(after(line, length, "-append")), " "); word != NULL;
      word = strtok(NULL, " "))
    putenv(word);
  char *rest = names;
  for (char *name = strsep(&rest, "+"); name != NULL; name = strsep(&rest, "+")) {
    pid_t child = fork();
    if (child == 0) try_one(name);
    int status;
    if (child < 0 || waitpid(child, &status, 0) < 0) cannot_try("fork");
    // After it has executed another program it prints nothing more.
    if (strcmp(name, "programs") == 0 && WIFEXITED(status) && WEXITSTATUS(status) == SUCCEEDED)
      puts("succeeded: execl");
    if (WIFSIGNALED(status)) puts("refused: killed");
    fflush(stdout);
  }
  _exit(SUCCEEDED);
}
