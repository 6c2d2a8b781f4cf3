/* What the parts of the native front know of each other, and what they all need of the C
   library. */
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
#include <sys/vfs.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "plan.h"

/* --- report.c: how a start fails: which step, which object (or NULL), which errno (or 0), what
   to do (or NULL) --- */

/* Exit statuses before the daemon runs, as env(1) and timeout(1) use them. */
#define EXIT_REFUSED 125
#define EXIT_NOT_EXECUTABLE 126
#define EXIT_NOT_FOUND 127

/* Where reports go; moved off descriptor 2 before that is taken from the daemon. */
extern int report_descriptor;

void report(const char *step, const char *object, int error, const char *help);
_Noreturn void fail(int status, const char *step, const char *object, int error, const char *help);
_Noreturn void refuse(const char *step, const char *object, int error, const char *help);

/* Refuses the start with the present errno unless the step was good. */
void need(bool good, const char *step, const char *object, const char *help);

/* Copy of three texts in one that lasts; refuses the start without memory. */
char *joined(const char *first, const char *second, const char *third);

/* FNV-1a, 64 bits. */
uint64_t fnv1a(const char *text);

/* --- options.c: `run [--level LEVEL] [--events FILE|-] [--set NAME=VALUE]... (DOMAIN | --policy
   FILE) [--] CMD [ARG...]` --- */

struct options {
  const char *domain; /* also with --policy: the file's name without its ending */
  const char *policy; /* absolute, or NULL */
  const char *events; /* NULL without --events */
  bool level_given;
  const char **words, **end; /* NULL-terminated: `--set` and `--level` with their values, as they came */
  char **command;            /* NULL-terminated */
};

/* Reads the arguments from `run` on; refuses the start when they make no sense. */
struct options options_read(int count, char **arguments);

/* --- places.c: where things lie; the table is in ARCHITECTURE.md --- */

/* Folder of `plans` or `runs`. */
const char *places_running(const char *what);
/* What the plan must have been made for: this kernel, this caller, these words. Each in the form
   LENGTH:TEXT, so that no two starts have the same. */
const char *places_start(const struct options *options);
/* `DOMAIN-KEY.plan`, KEY being a hash of that. */
const char *places_plan_name(const char *domain, const char *start);

/* --- find-command.c --- */

/* The file that execvp(3) would execute for `command`; ends with 126 or 127 when there is none. */
const char *find_command(const char *command);

/* --- node.c: Cofferdam's Node programs --- */

#define COMMAND_LINE DIST_DIR "/cofferdam.js"

/* node, `program` and the two NULL-terminated lists behind each other. */
const char *const *node_arguments(const char *program, const char *const *first, const char *const *rest);

/* Becomes `node dist/cofferdam.js` with the original arguments behind argv[0], `--as=NAME`
   before them when it was called by another name. */
_Noreturn void node_become(char **argv, const char *name);

/* Becomes node with default signals and no descriptor but 0 to 2 and `handed`, which it finds
   from 3 on. */
_Noreturn void node_execute(const char *const *arguments, char **environment, const int *handed, int handed_count);

/* Runs node in a grandchild, with a cleaned environment, no input, and its output on `output`.
   Returns its status (waitpid(2)) with `wait`, else 0 once it is born; refuses the start when it
   cannot be. */
int node_start(const char *step, const char *const *arguments, int output, const int *handed, int handed_count, bool wait);

/* Runs `body`, which never returns, in a grandchild, so that the launcher has no child and gets
   no SIGCHLD. `flags` as in clone(2). Returns its status with `wait`, else its process id;
   refuses the start when it cannot be born. */
int grandchild(const char *step, unsigned long flags, bool wait, void (*body)(void *), void *argument);

/* --- events.c --- */

/* Starts the collector of `--events`; returns, when it is ready, where the mediator writes
   events. */
int events_start(const struct options *options, const char *plan_path);

/* --- descriptors.c: which of the caller's descriptors the daemon gets --- */

/* Fills closed standard descriptors, so that nothing of ours is opened under their numbers. A
   confined daemon finds /dev/null there, one of a disabled domain finds them closed again. */
void descriptors_hold(void);

/* Moves reports off descriptor 2, and closes everything beyond it but what the plan grants,
   reports, and the plan's memory. At level warning nothing is closed, nor replaced below. */
void descriptors_close(struct plan *plan);

/* Replaces standard descriptors that are not granted by /dev/null. */
void descriptors_replace(const struct plan *plan);

/* A socket's option of level SOL_SOCKET; -1 where there is none. */
int socket_option(int descriptor, int name);

/* Sockets that the daemon gets and that could be connected anew past the programs of its cgroup:
   they hold a socket where it was made. A count above SOCKETS_MAX: too many, or, without /proc,
   nobody knows. */
#define SOCKETS_MAX 64
struct sockets {
  size_t count;
  int descriptors[SOCKETS_MAX];
};
struct sockets descriptors_escaping(const struct plan *plan);

/* --- cgroup.c: the cgroup below the domain's anchor, under whose programs the daemon's sockets
   are born --- */

/* Control groups in which the sockets of one run were made: socket units of one service. */
#define CGROUP_ELSEWHERE_MAX 8
/* Maps of one program that are looked at. */
#define CGROUP_MAPS_MAX 16

struct cgroup {
  int anchor;    /* -1 where there is nothing to remove */
  char name[24]; /* of the child: the daemon's process id */
  /* By number: where sockets were made that the run is given, and the programs attached. */
  uint64_t elsewhere[CGROUP_ELSEWHERE_MAX];
  int elsewhere_count;
  uint32_t maps[CGROUP_MAPS_MAX]; /* by which the anchor's programs are known there */
  int map_count;
};

union bpf_attr;
long bpf_call(int command, union bpf_attr *attributes);

/* A descriptor of the program of that id; -1 where there is none. */
int program_open(uint32_t id);

/* What the kernel tells of it; false where it tells nothing. */
struct bpf_prog_info;
bool program_info(uint32_t id, struct bpf_prog_info *info);

/* The ids of programs attached on one hook: how many, -1 where that cannot be told (errno).
   `flags`: BPF_F_QUERY_EFFECTIVE for ancestors' too. */
int programs_attached(int group, uint32_t hook, uint32_t flags, uint32_t *ids, uint32_t max);

/* The one of them that is this program; 0 where none is. */
uint32_t program_with_tag(const uint32_t *ids, int count, const uint8_t *tag);

/* Makes the child, verifies that every program of the plan holds there, and moves this process
   into it. Where one of `escaping` cannot be held the child lies below an anchor without programs,
   and true is returned: the mediator is to judge in their place. Where the plan has no cgroup layer
   there is no child. `cgroup` is filled as soon as the child is there, so that the holder, which
   shares it, can clean up. */
bool cgroup_enter(const struct plan *plan, const struct sockets *escaping, struct cgroup *cgroup);

/* Removes the child as soon as nobody lives in it, and what was attached elsewhere for it. */
void cgroup_remove(struct cgroup *cgroup);

/* --- activation.c: sockets that were made before the start --- */

/* Attaches the plan's programs where each of these sockets was made, if that is a socket unit's own
   control group and they would meet nothing else there. False where any of that cannot be shown.
   The child must be there already. */
bool activation_hold(const struct plan *plan, const struct sockets *sockets, struct cgroup *cgroup);

/* Takes them away once no run is below the anchor any more. */
void activation_release(struct cgroup *cgroup);

/* --- record.c: the symbolic link that tells `cofferdam ps` of this run; its form is in
   src/domains/run-record.ts --- */

struct record {
  int folder; /* -1 where there is nothing to remove */
  char name[16];
  char text[256];
};

/* Tells of this process and its holder; `live` says whether its level may change. Refuses the
   start when it cannot be made. */
void record_make(const struct plan *plan, const char *live, pid_t holder, struct record *record);

/* Removes it, unless a later process of the same id has made it its own. */
void record_remove(const struct record *record);

/* --- core-limit.c --- */

/* Takes this process's limit of core files to where a crash leaves nothing and starts nothing, for
   ever, unless the plan leaves it; then asks the kernel whether it is so. */
void core_limit(const struct plan *plan);

/* --- identity.c: who the daemon runs as, and what it may ever become --- */

/* Bounding set, groups, gid, uid, capabilities, no_new_privs, in the order in which each still
   has the privilege it needs; then asks the kernel whether it is so. */
void identity_assume(const struct plan *plan);

/* A System V and POSIX message queue namespace of its own, where the plan asks for one. */
void identity_private_ipc(const struct plan *plan);

/* Capability sets of this thread, 64-bit masks; refuses the start when the kernel does not tell. */
struct capability_sets {
  uint64_t effective, permitted, inheritable;
};
struct capability_sets capabilities_now(void);

/* --- landlock.c, seccomp.c --- */

/* Makes the plan's ruleset, opening each path; returns its descriptor. */
int landlock_build(const struct plan *plan);

/* Confines this thread by it for ever, then makes sure that the plan itself cannot be read any
   more. */
void landlock_enter(const struct plan *plan, int ruleset, const char *plan_path);

/* Installs the plan's filter for ever, the one that asks with `asks`; returns the listener, or
   NO_LISTENER when the plan has none. */
int seccomp_install(const struct plan *plan, bool asks);
enum { NO_LISTENER = -1 };

#endif
