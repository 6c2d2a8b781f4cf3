#include "exec-hold.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/ptrace.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "slots.h"

/* Limit on what is read of /proc/PID/maps, bytes. Before it runs, a program has one mapping per
   segment of its file and of its loader, at a hundred bytes each. */
#define MAPS_BYTES_MAX (64 * 1024)
/* Room for the longest name below /proc that is made here, bytes. */
#define PROC_NAME_MAX 96
#define NANOSECONDS 1000000000ll

enum stage {
  IDLE,
  GOES_ON,
  /* The call ended before it could continue: its thread is detached at its next stop. */
  RELEASED,
  /* Killed and not reaped yet. Until then no other process learns of its end. */
  ENDED,
};

static struct watch {
  enum stage stage;
  pid_t thread, process;
} watches[SLOT_COUNT];

static bool has_news;

static struct held_exec *exec_at(uint8_t *slots, int index)
{
  return (struct held_exec *)(void *)(slots + EXECS_OFFSET + index * EXEC_SIZE);
}

/* Gives the slot back to the mediator. A mediator that polls is told only of outcomes on which it
   must act. It clears `looks` and then reads the state for the last time; the holder writes the
   state and then reads `looks`. So at least one of the two sees what the other did. */
static void conclude(struct slot *slot, struct held_exec *exec, uint32_t outcome)
{
  exec->outcome = outcome;
  slot->state = SLOT_OVER;
  if (outcome != EXEC_OVER || __atomic_load_n(&exec->looks, __ATOMIC_SEQ_CST) == 0)
    has_news = true;
}

bool exec_hold_has_news(void)
{
  bool had = has_news;
  has_news = false;
  return had;
}

void exec_bell_ring(int bell)
{
  (void)!send(bell, EXEC_BELL, strlen(EXEC_BELL), MSG_DONTWAIT | MSG_NOSIGNAL);
}

/* Takes one bell at a time; further ones make the socket ready again. */
bool exec_bell_hear(int bell)
{
  char told[sizeof EXEC_BELL];
  ssize_t got = recv(bell, told, sizeof told, MSG_DONTWAIT);
  return got > 0 || (got < 0 && (errno == EAGAIN || errno == EINTR));
}

struct identity {
  uint32_t major, minor;
  uint64_t inode;
  int64_t born;
};

/* Whether two identities are the same file. An inode number is reused after its file is gone, but
   the birth time differs. Where the file system records none, the numbers decide. */
static bool same(const struct identity *found, const struct identity *judged)
{
  bool born_alike = found->born == judged->born || found->born == 0 || judged->born == 0;
  return judged->inode != 0 && found->inode == judged->inode && found->major == judged->major &&
         found->minor == judged->minor && born_alike;
}

/* Follows a link of /proc to the file itself. Never asks a file system's server, for which the
   holder would have to wait. */
static bool identify(const char *link, struct identity *found)
{
  struct statx file;
  if (statx(AT_FDCWD, link, AT_STATX_DONT_SYNC, STATX_BASIC_STATS | STATX_BTIME, &file) != 0)
    return false;
  bool born = (file.stx_mask & STATX_BTIME) != 0;
  *found = (struct identity){
      .major = file.stx_dev_major,
      .minor = file.stx_dev_minor,
      .inode = file.stx_ino,
      .born = born ? file.stx_btime.tv_sec * NANOSECONDS + file.stx_btime.tv_nsec : 0,
  };
  return true;
}

static struct identity program_of(const struct held_exec *exec)
{
  return (struct identity){exec->program_major, exec->program_minor, exec->program_inode,
                           exec->program_born};
}

static struct identity loader_of(const struct held_exec *exec)
{
  return (struct identity){exec->loader_major, exec->loader_minor, exec->loader_inode,
                           exec->loader_born};
}

struct mapping {
  unsigned long start, end;
  struct identity file;
};

/* For holders without CAP_CHECKPOINT_RESTORE and CAP_SYS_ADMIN, for which the kernel does not
   follow links in map_files. maps shows the file system's own numbers, and stat(2) returns other
   ones on some file systems (overlayfs, btrfs), with a device of major 0. The loader is then not
   checked, as SECURITY.md says. */
static bool is_by_numbers(const struct mapping *mapping, const struct identity *program,
                          const struct identity *loader)
{
  return same(&mapping->file, program) || same(&mapping->file, loader) || program->major == 0 ||
         (loader->inode != 0 && loader->major == 0);
}

static bool is_judged_mapping(const struct mapping *mapping, const struct held_exec *exec)
{
  const struct identity program = program_of(exec), loader = loader_of(exec);
  struct identity file;
  char link[PROC_NAME_MAX];
  snprintf(link, sizeof link, "/proc/%u/map_files/%lx-%lx", exec->listed, mapping->start,
           mapping->end);
  if (identify(link, &file))
    return same(&file, &program) || same(&file, &loader);
  return (errno == EPERM || errno == EACCES) && is_by_numbers(mapping, &program, &loader);
}

/* Compares the numbers in maps with those that stat(2) returned for the judged files. They can only
   be equal if the mapping is the judged file: a file system that returns other numbers from stat(2)
   (overlayfs, btrfs) uses a made-up device that no file system has. The program exists and its
   birth time was compared, so its inode number was not reused. For the loader, the first mapping
   with its numbers compares the birth time. */
struct known {
  struct identity program, loader;
  bool loader_exists;
};

static bool is_known(const struct mapping *mapping, const struct known *known)
{
  return same(&mapping->file, &known->program) ||
         (known->loader_exists && same(&mapping->file, &known->loader));
}

static void note(struct held_exec *exec, const char *name, size_t length)
{
  exec->found_bytes = length < EXEC_FOUND_MAX ? (uint32_t)length : EXEC_FOUND_MAX;
  memcpy(exec + 1, name, exec->found_bytes);
}

static bool is_judged_line(const char *line, struct held_exec *exec, struct known *known)
{
  struct mapping mapping = {0};
  if (sscanf(line, "%lx-%lx %*s %*s %x:%x %" SCNu64, &mapping.start, &mapping.end,
             &mapping.file.major, &mapping.file.minor, &mapping.file.inode) != 5)
    return false;
  const char *file = strchr(line, '/');
  bool is_memory = mapping.file.inode == 0 && mapping.file.major == 0 && mapping.file.minor == 0;
  if (is_memory || is_known(&mapping, known))
    return true;
  if (is_judged_mapping(&mapping, exec)) {
    known->loader_exists |= same(&mapping.file, &known->loader);
    return true;
  }
  if (file != NULL)
    note(exec, file, strlen(file));
  return false;
}

/* Whether only judged files are mapped. The kernel opens the program and the loader that the
   program names, by a path. */
static bool maps_what_was_judged(struct held_exec *exec)
{
  static char text[MAPS_BYTES_MAX + 1];
  char name[PROC_NAME_MAX];
  size_t length = 0;
  ssize_t got = 0;
  snprintf(name, sizeof name, "/proc/%u/maps", exec->listed);
  int maps = open(name, O_RDONLY | O_CLOEXEC);
  while (maps >= 0 && length < MAPS_BYTES_MAX &&
         (got = read(maps, text + length, MAPS_BYTES_MAX - length)) > 0)
    length += (size_t)got;
  close(maps);
  if (maps < 0 || got != 0 || length == 0)
    return false;
  text[length] = 0;
  struct known known = {.program = program_of(exec), .loader = loader_of(exec)};
  for (char *line = strtok(text, "\n"); line != NULL; line = strtok(NULL, "\n"))
    if (!is_judged_line(line, exec, &known))
      return false;
  return true;
}

/* Otherwise records the program's name for the event. */
static bool is_what_was_judged(struct held_exec *exec)
{
  const struct identity program = program_of(exec);
  struct identity found;
  char link[PROC_NAME_MAX], name[EXEC_FOUND_MAX];
  snprintf(link, sizeof link, "/proc/%u/exe", exec->listed);
  if (identify(link, &found) && same(&found, &program) && maps_what_was_judged(exec))
    return true;
  ssize_t length = exec->found_bytes == 0 ? readlink(link, name, sizeof name) : 0;
  if (length > 0)
    note(exec, name, (size_t)length);
  return false;
}

/* Whether this process's /proc has the numbers that the mediator gave, rather than those of
   another pid namespace. */
static bool proc_is_the_same(const struct held_exec *exec)
{
  char text[16] = "";
  pid_t self = exec->holder != 0 ? (pid_t)exec->holder : getpid();
  return readlink("/proc/self", text, sizeof text - 1) > 0 && strtol(text, NULL, 10) == self;
}

static bool still_waits(int listener, uint64_t id)
{
  return ioctl(listener, SECCOMP_IOCTL_NOTIF_ID_VALID, &id) == 0;
}

/* The response is written into the slot before it is sent, because the holder sees there that calls
   are answered. */
static bool let_go_on(int listener, struct slot *slot)
{
  slot->response = (struct seccomp_notif_resp){
      .id = slot->call.id,
      .flags = SECCOMP_USER_NOTIF_FLAG_CONTINUE,
  };
  int sent;
  do
    sent = ioctl(listener, SECCOMP_IOCTL_NOTIF_SEND, &slot->response);
  while (sent != 0 && errno == EINTR);
  return sent == 0;
}

/* Traces the caller and lets its call go on. EXITKILL: if the holder ends, the program cannot be
   checked and must not run. PTRACE_INTERRUPT precedes the answer for two reasons: a call that fails
   stops, too; and after the answer the thread could be waiting in vfork(2), where it would stop
   only when its child has executed. */
static void begin(int listener, struct slot *slot, struct held_exec *exec, struct watch *watch)
{
  const pid_t thread = (pid_t)exec->thread;
  const uint64_t id = slot->call.id;
  const long options = PTRACE_O_TRACEEXEC | PTRACE_O_EXITKILL;
  if (!still_waits(listener, id))
    return conclude(slot, exec, EXEC_OVER);
  errno = ESRCH;
  if (!proc_is_the_same(exec) || ptrace(PTRACE_SEIZE, thread, NULL, options) != 0) {
    exec->error = (uint32_t)errno;
    return conclude(slot, exec, still_waits(listener, id) ? EXEC_UNTRACED : EXEC_OVER);
  }
  /* The call still waits, so the number belonged to its thread until tracing began. */
  *watch = (struct watch){GOES_ON, thread, (pid_t)exec->process};
  bool waits = still_waits(listener, id);
  ptrace(PTRACE_INTERRUPT, thread, NULL, NULL);
  if (!waits || !let_go_on(listener, slot))
    watch->stage = RELEASED;
}

static bool is_busy(pid_t process)
{
  for (int i = 0; i < SLOT_COUNT; i++)
    if (watches[i].stage != IDLE && watches[i].process == process)
      return true;
  return false;
}

/* Begins at most one call per process at a time. A thread that executes waits until the process's
   other threads have been reaped, and holds cred_guard_mutex meanwhile. Reaping a traced thread
   needs its tracer, this process, which would block if it began to trace another thread: tracing
   takes that mutex. */
void exec_hold_begin(int listener, uint8_t *slots)
{
  for (int i = 0; i < SLOT_COUNT; i++) {
    struct slot *slot = slot_at(slots, i);
    struct held_exec *exec = exec_at(slots, i);
    if (slot->state == SLOT_HELD && watches[i].stage == IDLE && !is_busy((pid_t)exec->process))
      begin(listener, slot, exec, &watches[i]);
  }
}

static void executed(struct slot *slot, struct held_exec *exec, struct watch *watch)
{
  if (is_what_was_judged(exec)) {
    ptrace(PTRACE_DETACH, watch->process, NULL, NULL);
    watch->stage = IDLE;
    return conclude(slot, exec, EXEC_OVER);
  }
  kill(watch->process, SIGKILL);
  watch->stage = ENDED;
  watch->thread = watch->process;
  conclude(slot, exec, EXEC_OTHER);
}

static void release(struct slot *slot, struct held_exec *exec, struct watch *watch, int status)
{
  bool signalled = status >> 16 == 0;
  ptrace(PTRACE_DETACH, watch->thread, NULL, signalled ? (long)WSTOPSIG(status) : 0l);
  watch->stage = IDLE;
  conclude(slot, exec, EXEC_OVER);
}

bool exec_hold_hears(uint8_t *slots, pid_t process, int status)
{
  /* The kernel reports an execve for the process, whichever thread made it. */
  bool is_new = WIFSTOPPED(status) && status >> 16 == PTRACE_EVENT_EXEC;
  for (int i = 0; i < SLOT_COUNT; i++) {
    struct watch *watch = &watches[i];
    struct slot *slot = slot_at(slots, i);
    struct held_exec *exec = exec_at(slots, i);
    if (watch->stage == IDLE || process != (is_new ? watch->process : watch->thread))
      continue;
    if (is_new && watch->stage == GOES_ON)
      executed(slot, exec, watch);
    else if (WIFSTOPPED(status) && watch->stage != ENDED)
      release(slot, exec, watch, status);
    else if (!WIFSTOPPED(status)) {
      if (watch->stage != ENDED)
        conclude(slot, exec, EXEC_OVER);
      watch->stage = IDLE;
    }
    return WIFSTOPPED(status);
  }
  return false;
}
