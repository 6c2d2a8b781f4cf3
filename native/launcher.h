#ifndef LAUNCHER_H
#define LAUNCHER_H
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <poll.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/un.h>
#include <sys/vfs.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "plan.h"

/* --- report.c: how a start fails: the step, the object (or NULL), the errno (or 0), and what to do
   (or NULL) --- */

/* Exit statuses before the daemon runs, as in env(1) and timeout(1). */
#define EXIT_REFUSED 125
#define EXIT_NOT_EXECUTABLE 126
#define EXIT_NOT_FOUND 127

/* Where reports go; moved off descriptor 2 before the daemon's is replaced. */
extern int report_descriptor;

void report(const char *step, const char *object, int error, const char *help);
_Noreturn void fail(int status, const char *step, const char *object, int error, const char *help);
_Noreturn void refuse(const char *step, const char *object, int error, const char *help);

/* Refuses the start with the present errno unless `good`. */
void need(bool good, const char *step, const char *object, const char *help);

/* Joins three texts in memory that is never freed; refuses the start without memory. */
char *joined(const char *first, const char *second, const char *third);

bool ends_with(const char *text, const char *ending);

/* FNV-1a, 64 bits. */
uint64_t fnv1a(const char *text);

/* --- options.c: `run [--level LEVEL] [--events FILE|-] [--set NAME=VALUE]... (DOMAIN | --policy
   FILE) [--] CMD [ARG...]` --- */

struct options {
  const char *domain; /* also with --policy: the file's name without its ending */
  const char *policy; /* absolute, or NULL */
  const char *events; /* NULL without --events */
  const char *argv0;  /* what the command finds as its own name; NULL: as it is called */
  /* With --prepare: the capabilities of the start for which only a plan is made; else NULL. */
  const uint64_t *prepare;
  /* The unit whose mounts the start sees, and whose plan it needs; NULL for the host's view. */
  const char *mounts;
  /* Names that the unit gives its processes as supplementary groups, with colons between; or NULL.
     Also in `words`. */
  const char *groups;
  /* With --prepare: descriptor of the root directory that the start sees; -1 for this process's. */
  int root;
  bool level_given;
  bool in_unit; /* the run's group lies below that of the caller's systemd unit */
  /* NULL-terminated: `--set`, `--level` and `--groups` with their values, in order. */
  const char **words, **end;
  char **command; /* NULL-terminated */
};

/* Reads the arguments from `run` on; refuses the start if they are invalid. */
struct options options_read(int count, char **arguments);

/* --- places.c: where files lie; the table is in ARCHITECTURE.md --- */

/* The folder of `plans` or `runs`. */
const char *places_running(const char *what);
/* What a plan must have been made for: this kernel, this caller, these words. Each is in the form
   LENGTH:TEXT, so that no two starts have the same text. */
const char *places_start(const struct options *options);
/* `DOMAIN-KEY.plan`; KEY is a hash of `start`. */
const char *places_plan_name(const char *domain, const char *start);

/* --- connect.c --- */

/* Connects to a socket that only root may serve. Returns -1 with errno; EPERM: another user serves
   it. `type`: as for socket(2); the descriptor is close-on-exec. */
int connect_to_root(const struct sockaddr_un *address, int type);

/* --- agent.c --- */

/* Has the agent make the plan of a unit's start, for what this process sees, outside the unit's
   filters and limits. Reports why it could not. */
bool agent_makes_plan(const char *domain, const char *unit, const char *groups);

/* Has the agent attach the anchor's programs to the group that this process has made below its
   unit's, because the kernel lets this process attach none. `anchor`: its name. Returns false, with
   a report, unless the agent finds every program of the plan there afterwards. */
bool agent_attaches(const struct plan *plan, const char *anchor);

/* Has the agent lead the next execve of this process into the plan's domain, which the kernel's
   engine holds. Reports why it could not. */
bool agent_leads(const struct plan *plan);

/* --- find-command.c --- */

/* The file that execvp(3) would execute for `command`; exits with 126 or 127 when there is none. */
const char *find_command(const char *command);

/* --- node.c: Cofferdam's Node programs --- */

#define COMMAND_LINE DIST_DIR "/cofferdam.js"

const char *const *node_arguments(const char *program, const char *const *first,
                                  const char *const *rest);

/* Becomes `node dist/cofferdam.js` with the original arguments after argv[0]. `--as=NAME` precedes
   them if the program was called by another name. */
_Noreturn void node_become(char **argv, const char *name);

/* Becomes node with default signals and no descriptor but 0 to 2 and `handed`, which it finds from
   3 on. */
_Noreturn void node_execute(const char *const *arguments, char **environment, const int *handed,
                            int handed_count);

/* Runs node in a grandchild, with a cleaned environment, no input, and its output on `output`. With
   `wait` returns its status (waitpid(2)), otherwise 0 once it is born; refuses the start if it
   cannot be. */
int node_start(const char *step, const char *const *arguments, int output, const int *handed,
               int handed_count, bool wait);

/* Runs `body`, which never returns, in a grandchild, so that the launcher has no child and gets no
   SIGCHLD. `flags` as in clone(2). With `wait` returns its status, otherwise its process id;
   refuses the start if it cannot be born. */
int grandchild(const char *step, unsigned long flags, bool wait, void (*body)(void *),
               void *argument);

/* --- events.c --- */

/* Starts the collector of `--events`. Returns, once it is ready, the descriptor to which the
   mediator writes events. */
int events_start(const struct options *options, const char *plan_path);

/* --- descriptors.c: which of the caller's descriptors the daemon gets --- */

/* Fills closed standard descriptors, so that no file of Cofferdam's gets their numbers. A confined
   daemon finds /dev/null there; in a disabled domain they are closed again. */
void descriptors_hold(void);

/* Moves reports off descriptor 2, and closes every descriptor above 2 except those that the plan
   grants, that of reports, and the plan's memory. At level warning nothing is closed, and
   descriptors_replace() replaces nothing. */
void descriptors_close(struct plan *plan);

void descriptors_replace(const struct plan *plan);

/* The value of a SOL_SOCKET option; -1 on failure. */
int socket_option(int descriptor, int name);

/* Sockets of the daemon's that could be connected to other addresses unjudged, because the programs
   of a cgroup judge only the sockets that were made in it. A count above SOCKETS_MAX means too
   many, or unknown because /proc is missing. */
#define SOCKETS_MAX 64
struct sockets {
  size_t count;
  int descriptors[SOCKETS_MAX];
};
struct sockets descriptors_escaping(const struct plan *plan);

/* --- cgroup.c: the cgroup below the domain's anchor, in which the daemon makes its sockets, under
   the anchor's programs --- */

/* Limit on the control groups in which one run's sockets were made: those of one service's socket
   units. */
#define CGROUP_ELSEWHERE_MAX 8
#define CGROUP_MAPS_MAX 16

/* Bytes of `cofferdam/DOMAIN.DIGEST/PID`. */
#define UNIT_RUN_MAX 224

struct cgroup {
  int anchor;    /* -1 where there is nothing to remove */
  char name[24]; /* of the child: the daemon's process id */
  int unit;      /* the group of the caller's unit, below which the run is; -1: below the anchor */
  char below[UNIT_RUN_MAX];
  /* Ids of the groups in which the run's inherited sockets were made, where programs are
     attached. */
  uint64_t elsewhere[CGROUP_ELSEWHERE_MAX];
  int elsewhere_count;
  /* of the anchor's programs, which are recognised by them */
  uint32_t maps[CGROUP_MAPS_MAX];
  int map_count;
};

union bpf_attr;
long bpf_call(int command, union bpf_attr *attributes);

/* The program with that id; -1 if there is none. */
int program_open(uint32_t id);

/* False if the kernel tells nothing. */
struct bpf_prog_info;
bool program_info(uint32_t id, struct bpf_prog_info *info);

/* The ids of programs attached on one hook. Returns their number, or -1 with errno. `flags`:
   BPF_F_QUERY_EFFECTIVE includes ancestors' programs. */
int programs_attached(int group, uint32_t hook, uint32_t flags, uint32_t *ids, uint32_t max);

/* The id among them whose program has that tag; 0 if none. */
uint32_t program_with_tag(const uint32_t *ids, int count, const uint8_t *tag);

/* Makes the child, verifies that every program of the plan is in force there, and moves this
   process into it. A plan without a cgroup layer has no child. If one of the `escaping` sockets
   cannot be covered, the child lies below an anchor without programs, and true is returned: the
   mediator must judge instead.

   With `in_unit` the process moves below the group of its systemd unit instead, with copies of the
   anchor's programs. Its child of the anchor stays empty, and shows that the anchor is in use.
   `cgroup` is filled in as soon as the child exists, so that the holder, which shares it, can clean
   up. */
bool cgroup_enter(const struct plan *plan, const struct sockets *escaping, bool in_unit,
                  struct cgroup *cgroup);

/* Removes the child once it is empty, and the programs that were attached elsewhere for it. */
void cgroup_remove(struct cgroup *cgroup);

/* Takes the caller out of its unit's group, into the one above all anchors. It stays where it may
   not leave. */
void cgroup_leave_unit(void);

/* --- activation.c: sockets that were made before the start --- */

/* Attaches the plan's programs where each of these sockets was made. False unless that is a socket
   unit's own control group in which the programs affect nothing else. The child must exist
   already. */
bool activation_hold(const struct plan *plan, const struct sockets *sockets, struct cgroup *cgroup);

/* Attaches the anchor's copies of the plan's programs to a new and empty group; false with
   errno. */
bool activation_copy(const struct plan *plan, int anchor, int group);

/* Detaches them once no run is left below the anchor. */
void activation_release(struct cgroup *cgroup);

/* --- record.c: the symbolic link by which `cofferdam ps` finds this run; its form is in
   src/domains/run-record.ts --- */

struct record {
  int folder; /* -1 where there is nothing to remove */
  char name[16];
  char text[256];
};

/* Records this process and its holder; `live` says whether its level may change. Refuses the start
   if the link cannot be made. */
void record_make(const struct plan *plan, const char *live, pid_t holder, struct record *record);

/* Removes the link, unless a later process with the same id has replaced it. */
void record_remove(const struct record *record);

/* --- core-limit.c --- */

/* Permanently limits this process's core files so that a crash writes nothing and starts nothing,
   unless the plan leaves core files to the kernel. Then verifies the limit. */
void core_limit(const struct plan *plan);

/* --- memory.c --- */

/* From here on no memory of this process, nor of those that it becomes or makes, turns executable
   after it was mapped, or is mapped as both writable and executable. Then verifies that. */
void memory_fix(const struct plan *plan);

/* --- identity.c: the daemon's user, and what it may ever become --- */

/* Sets bounding set, groups, gid, uid, capabilities and no_new_privs, in the order in which each
   still has the privilege that it needs. Then verifies them. */
void identity_assume(const struct plan *plan);

/* Makes a private namespace for System V IPC and POSIX message queues, if the plan asks for one. */
void identity_private_ipc(const struct plan *plan);

/* Leaves this process no capability beyond these, as a unit's CapabilityBoundingSet= does. */
void identity_limit(uint64_t capabilities);

/* Capability sets of this thread, 64-bit masks; refuses the start if they cannot be read. */
struct capability_sets {
  uint64_t effective, permitted, inheritable;
};
struct capability_sets capabilities_now(void);

/* --- landlock.c, seccomp.c --- */

/* `held` becomes memory with the device and inode (two uint64_t) of the object of each path rule,
   in their order; 0 for a name that was not there. */
int landlock_build(const struct plan *plan, int *held);

/* Confines this thread by the ruleset permanently, then verifies that the plan can no longer be
   read. */
void landlock_enter(const struct plan *plan, int ruleset, const char *plan_path);

/* Installs the plan's filter permanently; with `asks` the one that also notifies sends. Returns the
   listener, or NO_LISTENER if the plan has none. */
int seccomp_install(const struct plan *plan, bool asks);
enum { NO_LISTENER = -1 };

#endif
