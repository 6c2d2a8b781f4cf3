#ifndef HOLDER_H
#define HOLDER_H
#include <linux/futex.h>
#include <stdatomic.h>

#include "launcher.h"

/* --- holder.c: a small process outside the domain that keeps the listener, so that mediators may
   come and go --- */

/* Shared by all processes of a run until the daemon executes. Front, stand-by and holder share it
   to the end. */
struct handover {
  /* The launcher's thread id. `entry` is on the launcher's list of robust futexes
     (set_robust_list(2)), so the kernel sets FUTEX_OWNER_DIED and wakes the holder when the
     launcher executes or ends. Behind its filter the launcher could not make a call for that. */
  _Atomic uint32_t owner;
  _Atomic int listener;
  struct robust_list entry;
  bool supervised;
  struct cgroup cgroup;
  struct record record;
  /* Memory with the objects of the Landlock rules; -1 without. The holder keeps it for readers. */
  int held;
  /* Why there is no mediator (errno of place_take()); 0 while there is one or none was needed. The
     launcher reports it if its execve is refused. */
  _Atomic int full;
  /* Of an attended run; 0 until known. */
  _Atomic pid_t front, holder, daemon;
  _Atomic int status;    /* the daemon's (waitpid(2)), or LIVES */
  _Atomic int following; /* how far the front has followed a daemon that stops */
};
enum { WAITING = -2, LIVES = -1 };

/* A continuation takes away what was to stop a process and has not yet (signal(7)). So the holder
   continues only a front that it has stopped itself, and that no one else has continued since.
   ALIKE becomes BEHIND and READY becomes HALTED by the holder, BEHIND becomes READY by the front.
   The holder makes it ALIKE when the daemon goes on, and the front when its caller has continued
   it. */
enum following {
  ALIKE,
  BEHIND, /* the daemon has stopped */
  READY,  /* the front waits for the holder's SIGSTOP */
  HALTED, /* the holder has sent it */
};

/* Makes the holder, which shares this process's descriptors until that executes or ends. `events`
   may be -1. In an attended run only the process that becomes the daemon returns. */
struct handover *holder_start(const struct plan *plan, int events);

/* Gives it the listener (or NO_LISTENER), without a system call that a sealed filter would
   refuse. */
void holder_give(struct handover *handover, int listener);

/* --- quota.c: places for mediators of one run that belong to root --- */

struct claimant {
  off_t offset; /* of its bytes in the file of places */
  int of_one;   /* places that it may have */
  char text[PLACE_BYTES];
};
struct claimant claimant_of(const struct plan *plan);

/* Returns an open file that holds a place until its last copy is closed. -1 with errno: EDQUOT
   where the claimant has as many as allowed, EUSERS where the host has. */
int place_take(const struct claimant *who);

/* Refuses the start if there is room neither for a mediator of this run's own nor in the shared
   mediator. */
void place_look(const struct plan *plan);

/* Refuses the start, with the errno of place_take(). */
_Noreturn void place_refuse(const struct claimant *who, int error);

/* Descriptors that the holder keeps; -1 where there is none. */
struct holdings {
  int listener;
  int launcher; /* pidfd of the launcher, which becomes the daemon */
  int slots;
  int plan;
  int events;
  /* Of an attended run. */
  int front;    /* pidfd */
  int stand_by; /* pidfd of the process that becomes the mediator */
  int order;    /* connection to it; bells, once it is the mediator */
  int children; /* signalfd of SIGCHLD in every run; traced processes cause it, too */
  struct claimant claimant;
};

void stand_apart(const char *name);

/* Sets the score by which the kernel chooses what to kill when memory runs out: from 1000, first,
   to -1000, never (proc_pid_oom_score_adj(5)). */
void spare(const char *score);

/* signalfd of SIGCHLD, which must be blocked; -1 with errno. */
int children_open(void);

/* Closes every descriptor but `kept` (-1 stands for none), in a descriptor table of this process's
   own, and puts /dev/null in place of the standard ones. If the kernel refuses, the process
   exits. */
void keep_only(const int *kept, size_t count);

/* --- attended.c, front.c: a run whose front stays, passes on signals and the exit status, and
   ends last --- */

/* The front's main loop. The caller sees the front as if it were the daemon. */
_Noreturn void front_attend(struct handover *handover, pid_t stand_by);

/* Makes front, stand-by, holder and launcher, each the parent of the next. Front and stand-by
   never return. Returns true in the launcher, false in the holder. */
bool attended_split(struct handover *handover, struct holdings *own);

/* pidfd of `process`; refuses the start where it cannot be opened. */
int process_open(pid_t process, const char *step);

/* Takes a result of waitpid(2) in the holder, if it is the daemon's. */
void attended_child(struct handover *handover, const struct holdings *own, pid_t process,
                    int status);

/* Stops a front that is ready for it. */
void attended_stop(struct handover *handover, const struct holdings *own);

/* --- mediator.c, shared.c: for the holder --- */

struct mediator {
  int descriptor; /* readable at its end: pidfd, or connection to the shared one; -1: none */
  int bell;       /* socket for bells (exec-hold.h); -1: none */
  bool shared;    /* it serves the whole host */
  bool alone;     /* the shared mediator is not to be asked */
  bool elsewhere; /* the shared mediator has said that it does not serve this run */
  int full;       /* errno of place_take() where there was no place, else 0 */
  int64_t again;  /* when to look for a place again, in nanoseconds of CLOCK_MONOTONIC */
};

/* Starts or finds a mediator: the host's shared one if it exists and `alone` is not set, else `node
   dist/mediator.js`. */
bool mediator_start(const struct holdings *own, struct mediator *mediator);

/* Call when `descriptor` was readable. Returns whether the mediator is gone, and records it. */
bool mediator_ended(struct mediator *mediator);

void mediator_forget(struct mediator *mediator);

/* Gives the mediator time to end with the domain. Events that it counted and did not write are
   then reported. */
void mediator_end(const struct holdings *own, struct mediator *mediator, const uint8_t *slots);

/* Starts a process for `task`: `own`, a mediator; or one that only reports what the last mediator
   left: `untold`; `given-up`, if there will be no other; `refused`, if there is no place for one.
   False with errno. `end` becomes its pidfd and may be NULL. `bell`: its end of the socket, or -1.
   `place`: of place_take(), or -1. */
bool mediator_born(const struct holdings *own, const char *task, int *end, int bell, int place);

/* Becomes the mediator, or the process for `task` (src/mediate/main.ts), with `handed` as
   descriptors from 3 on. */
_Noreturn void mediator_become(const char *task, const int *handed, int count);

/* Connects to the host's mediator; -1 if there is none. With `was_there` it waits a little for a
   successor. */
int shared_connect(bool was_there);

/* Call when the connection was readable. Tells whether its other end is gone, and whether the
   mediator said before that it does not serve this run. A stand-by that took over from a hanging
   mediator sends a new connection, which replaces this one. */
enum shared_state { SHARED_GOES_ON, SHARED_IS_OVER, SHARED_ELSEWHERE };
enum shared_state shared_hear(int connection);

/* Whether the shared mediator would serve a run of the plan in the memfd `plan`; false if there is
   no shared mediator. */
bool shared_has_room(int plan);

/* hand_over() sends what a mediator needs; false with errno. take_over() receives it and returns
   the number of descriptors (listener, slots, plan, events, from 3 on), 0 at the connection's
   end. */
#define HANDED_OVER_MAX 4
bool hand_over(int connection, const struct holdings *own);
int take_over(int connection, int *handed);

/* --- slots.c: for the holder --- */

bool slots_answered(const uint8_t *slots);

/* Whether a received call waits for its answer. */
bool slots_stranded(int listener, const uint8_t *slots);

/* Answers received calls with EIO, and one further call with EACCES. */
void slots_refuse(int listener, uint8_t *slots);

#endif
