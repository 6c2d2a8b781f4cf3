#ifndef HOLDER_H
#define HOLDER_H
#include <linux/futex.h>
#include <stdatomic.h>

#include "launcher.h"

/* --- holder.c: a small process outside the domain that keeps the listener, so that mediators
   may come and go --- */

/* Shared by all processes of a run until the daemon executes; by those outside the domain until
   its end. */
struct handover {
  /* The launcher's thread id. The kernel adds FUTEX_OWNER_DIED and wakes the holder when the
     launcher executes or ends, since `entry` is on its list of robust futexes
     (set_robust_list(2)): behind the filter it may call nothing itself. */
  _Atomic uint32_t owner;
  _Atomic int listener;
  struct robust_list entry;
  bool supervised;
  struct cgroup cgroup;
  struct record record;
  /* Why there is no mediator (place_take()), 0 while there is one or nobody asks. The launcher
     whose execve is refused for that looks at it. */
  _Atomic int full;
  /* Of an attended run; 0 until they are known. */
  _Atomic pid_t front, holder, daemon;
  _Atomic int status;  /* of the daemon (waitpid(2)), or LIVES */
  _Atomic int stopped; /* the daemon stopped, and the front has not followed yet */
};
enum { WAITING = -2, LIVES = -1 };

/* Makes the holder, which shares this process's descriptors until that executes or ends.
   `events` may be -1. Of an attended plan only the process that becomes the daemon returns. */
struct handover *holder_start(const struct plan *plan, int events);

/* Gives it the listener (or NO_LISTENER), without a system call that a sealed filter could see. */
void holder_give(struct handover *handover, int listener);

/* --- quota.c: places for mediators of one run that are root's --- */

/* For whom a mediator is: a domain's name, and the user as whom it runs. */
struct claimant {
  off_t offset; /* of its bytes in the file of places */
  int of_one;   /* places that it may have */
  char text[PLACE_BYTES];
};
struct claimant claimant_of(const struct plan *plan);

/* An open file that keeps a place for as long as somebody has it. -1 with errno: EDQUOT where the
   claimant has as many as it may, EUSERS where the host has. */
int place_take(const struct claimant *who);

/* Refuses the start where neither a mediator of its own nor the shared one could serve a run of
   this plan, as far as can be told now. */
void place_look(const struct plan *plan);

/* Says so, with the errno of place_take(). */
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
  int children; /* signalfd of SIGCHLD, of every run: what is traced tells by it too */
  struct claimant claimant;
};

/* Leaves session and working directory of the daemon; spared when memory runs out. */
void stand_apart(const char *name);

/* Sets what lack of memory takes first: from 1000 to -1000, which is never
   (proc_pid_oom_score_adj(5)). */
void spare(const char *score);

/* signalfd of SIGCHLD, which must be blocked; -1 with errno. */
int children_open(void);

/* Closes every descriptor but `kept`, in which -1 is none, and puts /dev/null where the standard
   ones were, in a table of its own; ends the process where the kernel refuses. */
void keep_only(const int *kept, size_t count);

/* --- attended.c, front.c: a run whose front stays, passes signals and the exit status, and ends
   last --- */

/* The front's life, for who started it in the place of the daemon. */
_Noreturn void front_attend(struct handover *handover, pid_t stand_by);

/* Makes front, stand-by, holder and launcher, each the parent of the next. Front and stand-by
   never return. Returns in the launcher true, in the holder false. */
bool attended_split(struct handover *handover, struct holdings *own);

/* pidfd of `process`; refuses the start without. */
int process_open(pid_t process, const char *step);

/* What waitpid(2) said of a child of the holder, if that is the daemon. */
void attended_child(struct handover *handover, const struct holdings *own, pid_t process, int status);

/* --- mediator.c, shared.c: for the holder --- */

struct mediator {
  int descriptor;    /* readable when it ended: its pidfd, or the connection to the shared one. -1 without */
  int bell;          /* socket on which execs are told of (exec-hold.h); -1 without */
  bool shared;       /* of the whole host */
  bool alone;        /* the shared one is not asked */
  bool elsewhere;    /* nor is it for the next start: it has said that it does not serve this run */
  int full;          /* errno of place_take() where there was no place, else 0 */
  int64_t again;     /* when one is looked for after that, in nanoseconds of CLOCK_MONOTONIC */
};

/* The host's shared mediator if there is one and `alone` is not set, else `node
   dist/mediator.js`. */
bool mediator_start(const struct holdings *own, struct mediator *mediator);

/* After `descriptor` was readable: whether it is gone, which is noted. */
bool mediator_ended(struct mediator *mediator);

/* Forgets it. */
void mediator_forget(struct mediator *mediator);

/* Gives it time to end by itself, with the domain. Where it took events with it that it had only
   counted, that is told. */
void mediator_end(const struct holdings *own, struct mediator *mediator, const uint8_t *slots);

/* Starts a mediator (`own`), or who tells what one without a successor took with it: `untold`,
   or `given-up` where there will be no other, or `refused` where there is no place for one.
   False with errno. `end`: becomes its pidfd; may be
   NULL. `bell`: its end of the socket, or -1. `place`: of
   place_take(), or -1. */
bool mediator_born(const struct holdings *own, const char *task, int *end, int bell, int place);

/* Becomes the mediator, or who does `task` in its place (src/mediate/main.ts), with `handed`
   from 3 on. */
_Noreturn void mediator_become(const char *task, const int *handed, int count);

/* Connects to the host's mediator; -1 where there is none, after waiting a little for a
   successor where there was one. */
int shared_connect(bool was_there);

/* After the connection was readable: whether its other end is gone, and whether it has said before
   that it does not serve this run. A stand-by that took over from a mediator which hangs sends a
   connection of its own, which takes the place of that one. */
enum shared_state { SHARED_GOES_ON, SHARED_IS_OVER, SHARED_ELSEWHERE };
enum shared_state shared_hear(int connection);

/* Whether it would serve a run of the plan in that memfd; false where there is none. */
bool shared_has_room(int plan);

/* Sends what a mediator needs; false with errno. Receives it: how many descriptors came (from 3
   on listener, slots, plan, events), 0 at the connection's end. */
#define HANDED_OVER_MAX 4
bool hand_over(int connection, const struct holdings *own);
int take_over(int connection, int *handed);

/* --- slots.c: for the holder --- */

/* Whether a mediator has answered anything since this was last asked. */
bool slots_answered(const uint8_t *slots);

/* Whether a call was received and waits for its answer. */
bool slots_stranded(int listener, const uint8_t *slots);

/* Answers what was received with EIO, and one call more with EACCES. */
void slots_refuse(int listener, uint8_t *slots);

#endif
