#include <linux/close_range.h>
#include <sys/signalfd.h>

#include "exec-hold.h"
#include "holder.h"

#define STEP "start the holder"
/* In nanoseconds: how long the holder waits before it serves a launcher whose execve is notified
   although its plan is sealed. */
#define EXECVE_WAIT_NS 100000000l
#define RETRY_NS 10000000l
/* Deaths in a row without an answer after which a run gets a mediator of its own, because its call
   may be what kills mediators that serve other domains, too. */
#define SHARED_DEATHS_MAX 2
#define GIVEN FUTEX_WAITERS

struct holder {
  struct handover *handover;
  struct holdings own;
  const struct plan *plan;
};

void spare(const char *score)
{
  int file = open("/proc/self/oom_score_adj", O_WRONLY | O_CLOEXEC);
  (void)!write(file, score, strlen(score));
  close(file);
}

/* The holder is born with every signal blocked, and memory shortage spares it: otherwise a service
   manager that stops the whole group would turn a graceful stop into failing calls. The holder
   exits last, by itself. */
void stand_apart(const char *name)
{
  setsid();
  spare("-1000"); /* takes CAP_SYS_RESOURCE; otherwise nothing changes */
  prctl(PR_SET_NAME, name, 0, 0, 0);
  (void)!chdir("/"); /* so that file systems can be unmounted */
}

void keep_only(const int *kept, size_t count)
{
  const struct timespec interval = {.tv_nsec = RETRY_NS};
  for (unsigned next = 0, nearest; next != ~0u; next = nearest == ~0u ? nearest : nearest + 1) {
    nearest = ~0u;
    for (size_t i = 0; i < count; i++)
      if (kept[i] >= 0 && (unsigned)kept[i] >= next && (unsigned)kept[i] < nearest)
        nearest = (unsigned)kept[i];
    while (nearest > next && syscall(SYS_close_range, next, nearest - 1, CLOSE_RANGE_UNSHARE) != 0)
      /* A shared table must not be changed. If the kernel refuses the call, retrying would not
         help: the holder exits, so that calls fail and do not hang. */
      errno == ENOMEM ? (void)nanosleep(&interval, NULL) : _exit(EXIT_REFUSED);
  }
  int silence = open("/dev/null", O_RDWR); /* gets the lowest free number, 0 */
  dup2(silence, STDOUT_FILENO);
  dup2(silence, STDERR_FILENO);
}

int children_open(void)
{
  sigset_t news;
  sigemptyset(&news);
  sigaddset(&news, SIGCHLD);
  return signalfd(-1, &news, SFD_CLOEXEC | SFD_NONBLOCK);
}

/* Returns once the listener is known. After the launcher's execve the holder has the shared
   descriptor table alone. If it must serve earlier, it takes a table of its own (by close_range(2),
   because containers refuse unshare(2)). */
static int await_listener(struct handover *handover, int launcher)
{
  const struct timespec limit = {.tv_nsec = EXECVE_WAIT_NS};
  struct pollfd ended = {.fd = launcher, .events = POLLIN};
  for (bool late = false;; late = true) {
    uint32_t owner = handover->owner;
    /* A launcher that is killed before it has a robust futex does not wake the holder. */
    if ((owner & FUTEX_OWNER_DIED) != 0 || (late && poll(&ended, 1, 0) == 1))
      return handover->listener;
    if ((owner == GIVEN || late) && handover->listener != WAITING)
      return handover->listener;
    syscall(SYS_futex, &handover->owner, FUTEX_WAIT, owner, &limit, NULL, 0);
  }
}

/* Reaps children and traced processes, and hears an attended run's front. `slots` may be NULL if
   nothing is traced. With `last`, waits for all of them to end. */
static void hear_children(struct handover *handover, const struct holdings *own, uint8_t *slots,
                          bool last)
{
  const int options = (last ? 0 : WNOHANG) | WUNTRACED | WCONTINUED | __WALL;
  struct signalfd_siginfo signal;
  int status;
  pid_t process;
  (void)!read(own->children, &signal, sizeof signal);
  while ((process = waitpid(-1, &status, options)) > 0)
    if ((slots == NULL || !exec_hold_hears(slots, process, status)) && own->front >= 0)
      attended_child(handover, own, process, status);
  if (own->front >= 0)
    attended_stop(handover, own);
}

/* Answers the calls in hand, because no mediator can be started. A lack of places is reported
   once. */
static void go_without(struct handover *handover, const struct holdings *own, int full,
                       uint8_t *slots)
{
  if (full != 0 && handover->full == 0)
    mediator_born(own, "refused", NULL, -1, -1);
  handover->full = full;
  slots_refuse(own->listener, slots);
}

/* Serves until the last process of the domain has ended; without a listener, until the daemon
   has. */
static void serve(struct handover *handover, const struct holdings *own)
{
  uint8_t *slots = mmap(NULL, SLOTS_BYTES, PROT_READ | PROT_WRITE, MAP_SHARED, own->slots, 0);
  if (slots == MAP_FAILED)
    return (void)close(own->listener); /* calls fail and do not hang */
  struct mediator mediator = {.descriptor = -1, .bell = -1, .alone = geteuid() != 0};
  int deaths = 0, front = own->front;
  /* The daemon may have stopped before this process first ran, and setting a handler for SIGCHLD
     discards a pending one. */
  hear_children(handover, own, slots, false);
  for (;;) {
    struct pollfd watched[] = {
        /* While a mediator lives, the listener is only watched for the domain's end. */
        {.fd = own->listener, .events = mediator.descriptor < 0 ? POLLIN : 0},
        {.fd = own->listener < 0 ? own->launcher : -1, .events = POLLIN},
        {.fd = mediator.descriptor, .events = POLLIN},
        {.fd = own->children, .events = POLLIN},
        {.fd = front, .events = POLLIN},
        {.fd = mediator.shared ? -1 : mediator.bell, .events = POLLIN},
    };
    if (poll(watched, sizeof watched / sizeof *watched, -1) < 0)
      continue;
    if (watched[3].revents != 0)
      hear_children(handover, own, slots, false);
    if (watched[5].revents != 0)
      exec_bell_hear(mediator.bell);
    if (watched[4].revents != 0) {
      syscall(SYS_pidfd_send_signal, own->launcher, SIGKILL, NULL, 0);
      front = -1;
    }
    if ((watched[0].revents & POLLHUP) != 0 || watched[1].revents != 0)
      return mediator_end(own, &mediator, slots);
    bool asked = (watched[0].revents & POLLIN) != 0;
    if (watched[2].revents != 0 && mediator_ended(&mediator)) {
      struct pollfd waiting = {.fd = own->listener, .events = POLLIN};
      asked = slots_stranded(own->listener, slots);
      /* A death counts if a call waited and none had been answered. An attended run gets no other
         mediator, because no other process could be an ancestor of the daemon. */
      bool counts = !mediator.elsewhere && (asked || poll(&waiting, 1, 0) == 1);
      deaths = slots_answered(slots) ? 0 : deaths + counts;
      if (own->order >= 0)
        deaths = MEDIATOR_RESTARTS_MAX;
      mediator.alone |= deaths >= SHARED_DEATHS_MAX;
      if (deaths >= MEDIATOR_RESTARTS_MAX)
        mediator_born(own, "given-up", NULL, -1, -1);
    }
    exec_hold_begin(own->listener, slots);
    if (exec_hold_has_news())
      exec_bell_ring(mediator.bell);
    /* If no mediator can be started now, for lack of memory or processes, the next call tries
       again. */
    if (asked && (deaths >= MEDIATOR_RESTARTS_MAX || !mediator_start(own, &mediator)))
      go_without(handover, own, mediator.full, slots);
  }
}

static void live(void *argument)
{
  const struct holder *holder = argument;
  struct handover *handover = holder->handover;
  struct holdings own = holder->own;
  munmap((void *)holder->plan->bytes, holder->plan->length);
  /* At each command of a unit systemd warns of processes that the one before has left over. A
     holder ends with its domain, some milliseconds later. systemd passes over names in
     parentheses, which its own helpers have (src/core/unit.c, ignore_leftover_process). */
  stand_apart("(cofferdam)");
  signal(SIGCHLD, SIG_DFL); /* ignoring it would suppress reports of traced processes */
  own.listener = await_listener(handover, own.launcher);
  const int kept[] = {own.listener,  own.launcher, own.slots, own.plan,     own.events,
                      own.front,     own.stand_by, own.order, own.children, handover->cgroup.anchor,
                      handover->cgroup.unit, handover->record.folder, handover->held,
                      own.front < 0 ? -1 : report_descriptor};
  keep_only(kept, sizeof kept / sizeof *kept);
  if (own.children < 0 && (own.children = children_open()) < 0)
    _exit(EXIT_REFUSED); /* calls fail and do not hang */
  /* Not earlier: the launcher reads this process's start time for the record, and a /proc with
     hidepid hides undumpable processes. */
  prctl(PR_SET_DUMPABLE, 0, 0, 0, 0);
  if (own.listener != WAITING)
    serve(handover, &own);
  if (own.front >= 0)
    hear_children(handover, &own, NULL, true);
  /* The collector must see the end of the events now, however long a process of the domain outlives
     the daemon. */
  if (own.events >= 0)
    close(own.events);
  record_remove(&handover->record);
  cgroup_remove(&handover->cgroup);
  _exit(0);
}

static struct holdings gather(const struct plan *plan, int events)
{
  uint32_t adopts = prctl(PR_GET_CHILD_SUBREAPER, &adopts) == 0 && adopts != 0;
  struct holdings own = {
      .plan = plan->memory,
      .events = events,
      .front = -1,
      .stand_by = -1,
      .order = -1,
      .children = -1,
      .claimant = claimant_of(plan),
      .slots = memory_make("cofferdam-slots"),
      .launcher = process_open(getpid(), STEP),
  };
  const int seals = F_SEAL_GROW | F_SEAL_SHRINK | F_SEAL_SEAL;
  need(own.slots >= 0 && pwrite(own.slots, &adopts, sizeof adopts, SLOT_ADOPTS) > 0 &&
           ftruncate(own.slots, SLOTS_BYTES) == 0 && fcntl(own.slots, F_ADD_SEALS, seals) == 0,
       "make the slots of calls in flight", "memfd", "raise the limit of descriptors (ulimit -n)");
  return own;
}

struct handover *holder_start(const struct plan *plan, int events)
{
  static struct robust_list_head owned;
  struct handover *handover = mmap(NULL, sizeof *handover, PROT_READ | PROT_WRITE,
                                   MAP_SHARED | MAP_ANONYMOUS, -1, 0);
  need(handover != MAP_FAILED, STEP, "mmap", NULL);
  need(syscall(SYS_close_range, ~0u, ~0u, CLOSE_RANGE_UNSHARE) == 0, STEP, "close_range",
       "Linux 5.9 or newer is needed");
  *handover = (struct handover){
      .listener = WAITING, .status = LIVES, .supervised = plan_has(plan, PLAN_SUPERVISED)};
  handover->cgroup.anchor = handover->cgroup.unit = handover->record.folder = -1;
  handover->held = -1;
  struct holder holder = {handover, gather(plan, events), plan};
  if (!plan_has(plan, PLAN_ATTENDED))
    handover->holder = grandchild(STEP, CLONE_FILES, false, live, &holder);
  else if (!attended_split(handover, &holder.own))
    live(&holder);
  handover->owner = (uint32_t)gettid() | FUTEX_WAITERS;
  handover->entry.next = &owned.list;
  const long offset =
      (long)offsetof(struct handover, owner) - (long)offsetof(struct handover, entry);
  owned = (struct robust_list_head){{&handover->entry}, offset, NULL};
  need(syscall(SYS_set_robust_list, &owned, sizeof owned) == 0, STEP, "set_robust_list", NULL);
  return handover;
}

void holder_give(struct handover *handover, int listener)
{
  handover->listener = listener;
  /* A supervised filter notifies execve and never futex. So the holder is woken now, to serve
     before the launcher executes. */
  if (handover->supervised) {
    handover->owner = GIVEN;
    syscall(SYS_futex, &handover->owner, FUTEX_WAKE, 1, NULL, NULL, 0);
  }
}
