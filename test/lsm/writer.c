// Writes what src/kernel/bpf/lsm/engine.ts writes, in the same order, until it is killed:
//   writer MAPS FOLDER DOMAIN DOMAIN TABLE TABLE
// For each number N in its standard input a child begins with the N-th write and never ends; its
// process id is the answer. A program of node's would take the emulator seconds to start.
#include <fcntl.h>
#include <linux/bpf.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <signal.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

enum { ROW_BYTES = 4096, ROWS_MAX = 256, EXECUTABLE_BYTES = 264, PATH_AT = 8, UNIT_BYTES = 256 };
enum { DOMAINS = 2, WRITES = 6 };

static int policies, levels, executables, components, units, generations;
static const char *folder;
static unsigned domains[DOMAINS];
static struct {
  char bytes[ROWS_MAX * ROW_BYTES];
  unsigned rows;
} tables[2];

static int bpf(int command, union bpf_attr *attr) {
  return syscall(SYS_bpf, command, attr, sizeof *attr);
}

static void must(int result, const char *what) {
  if (result >= 0) return;
  perror(what);
  exit(1);
}

static int pinned(const char *maps, const char *name) {
  char path[256];
  snprintf(path, sizeof path, "%s/%s", maps, name);
  union bpf_attr attr = {.pathname = (unsigned long)path};
  int fd = bpf(BPF_OBJ_GET, &attr);
  must(fd, path);
  return fd;
}

static void set(int map, const void *key, const void *value) {
  union bpf_attr attr = {.map_fd = map, .key = (unsigned long)key, .value = (unsigned long)value};
  must(bpf(BPF_MAP_UPDATE_ELEM, &attr), "write a map");
}

static void delete(int map, const void *key) {
  union bpf_attr attr = {.map_fd = map, .key = (unsigned long)key};
  bpf(BPF_MAP_DELETE_ELEM, &attr);
}

static int new_table(int which) {
  static unsigned keys[ROWS_MAX];
  union bpf_attr make = {.map_type = BPF_MAP_TYPE_ARRAY,
                         .key_size = 4,
                         .value_size = ROW_BYTES,
                         .max_entries = tables[which].rows,
                         .map_flags = BPF_F_INNER_MAP,
                         .map_name = "names"};
  int fd = bpf(BPF_MAP_CREATE, &make);
  must(fd, "make a table");
  for (unsigned row = 0; row < tables[which].rows; row++) keys[row] = row;
  union bpf_attr fill = {.batch = {.map_fd = fd,
                                   .keys = (unsigned long)keys,
                                   .values = (unsigned long)tables[which].bytes,
                                   .count = tables[which].rows}};
  must(bpf(BPF_MAP_UPDATE_BATCH, &fill), "fill a table");
  union bpf_attr freeze = {.map_fd = fd};
  must(bpf(BPF_MAP_FREEZE, &freeze), "freeze a table");
  return fd;
}

static void set_executable(unsigned turn, const unsigned *domain) {
  char key[EXECUTABLE_BYTES] = {0}, component[64] = {0};
  unsigned one = 1;
  snprintf(component, sizeof component, "program%u", turn % 7);
  snprintf(key + PATH_AT, sizeof key - PATH_AT, "%s/%s", folder, component);
  set(components, component, &one);
  set(executables, key, domain);
}

static void remove_executable(unsigned turn) {
  char key[EXECUTABLE_BYTES] = {0};
  snprintf(key + PATH_AT, sizeof key - PATH_AT, "%s/program%u", folder, (turn + 3) % 7);
  delete (executables, key);
}

static void set_unit(unsigned turn, const unsigned *domain) {
  char new[UNIT_BYTES] = {0}, old[UNIT_BYTES] = {0};
  unsigned only = 0, generation = turn + 1;
  snprintf(new, sizeof new, "/stress%u.slice", turn % 5);
  snprintf(old, sizeof old, "/stress%u.slice", (turn + 4) % 5);
  set(units, new, domain);
  delete (units, old);
  set(generations, &only, &generation);
}

// Each policy of a domain in turn, its level, and entries into it.
static void write_one(unsigned number) {
  unsigned turn = number / WRITES, enforcing[2] = {0};
  const unsigned *domain = &domains[turn % DOMAINS];
  int table;
  switch (number % WRITES) {
  case 0:
  case 1:
    table = new_table((turn + number) % 2);
    set(policies, domain, &table);
    close(table);
    return;
  case 2: return set(levels, domain, enforcing);
  case 3: return set_executable(turn, domain);
  case 4: return remove_executable(turn);
  default: return set_unit(turn, domain);
  }
}

static void read_table(int which, const char *name) {
  int fd = open(name, O_RDONLY);
  ssize_t bytes = read(fd, tables[which].bytes, sizeof tables[which].bytes);
  must(bytes, name);
  tables[which].rows = bytes / ROW_BYTES;
  close(fd);
}

int main(int argc, char **argv) {
  char line[64];
  if (argc != 7) return 2;
  policies = pinned(argv[1], "policies");
  levels = pinned(argv[1], "levels");
  executables = pinned(argv[1], "executables");
  components = pinned(argv[1], "components");
  units = pinned(argv[1], "units");
  generations = pinned(argv[1], "unit_generations");
  folder = argv[2];
  for (int i = 0; i < DOMAINS; i++) domains[i] = atoi(argv[3 + i]);
  for (int i = 0; i < 2; i++) read_table(i, argv[5 + i]);
  while (fgets(line, sizeof line, stdin)) {
    pid_t child = fork();
    if (child == 0) {
      prctl(PR_SET_PDEATHSIG, SIGKILL);
      for (unsigned number = atoi(line);; number++) write_one(number);
    }
    printf("%d\n", child);
    fflush(stdout);
    int status;
    waitpid(child, &status, 0);
    if (!WIFSIGNALED(status) || WTERMSIG(status) != SIGKILL) return 1;
  }
  return 0;
}
