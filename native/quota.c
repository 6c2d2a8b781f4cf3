/* Places for mediators of one run (src/plan/mediator-places.ts). */
#include "holder.h"

#define STEP "find room for this run's mediator"
#define PLACES MEDIATOR_SOCKET PLACES_SUFFIX
#define HELP                                                               \
  "`cofferdam status` lists them: end some of those runs; with an agent " \
  "one mediator serves many"
#define OF_ONE "start a mediator: this user's runs of the domain have all mediators they may have"
#define OF_HOST                                                             \
  "start a mediator: this host has all mediators it may have, and the shared " \
  "one takes no more domains"

struct claimant claimant_of(const struct plan *plan)
{
  const uid_t user = plan_has(plan, PLAN_USER) ? plan->head->uid : 0;
  struct claimant who = {.of_one = user == 0 ? PLACES_OF_HOST : PLACES_OF_ONE};
  snprintf(who.text, sizeof who.text, "%s %u\n", plan_string(plan, plan->head->domain), user);
  const uint64_t hash = fnv1a(who.text) & (((uint64_t)1 << CLAIMANT_HASH_BITS) - 1);
  who.offset = (off_t)(CLAIMANTS_OFFSET + hash * CLAIMANT_BYTES);
  return who;
}

/* Locks the first free one of `count` bytes, each `step` after the one before. Returns its index,
   or -1. */
static int lock_one(int file, off_t from, int count, off_t step)
{
  for (int i = 0; i < count; i++) {
    struct flock lock = {.l_type = F_WRLCK, .l_start = from + i * step, .l_len = 1};
    if (fcntl(file, F_OFD_SETLK, &lock) == 0)
      return i;
    if (errno != EAGAIN && errno != EACCES)
      return -1;
  }
  return -1;
}

int place_take(const struct claimant *who)
{
  int file = open(PLACES, O_RDWR | O_CREAT | O_NOFOLLOW | O_CLOEXEC, 0600);
  if (file < 0)
    return -1;
  int error = EDQUOT, place = -1;
  if (lock_one(file, who->offset, who->of_one, 1) >= 0) {
    place = lock_one(file, 0, PLACES_OF_HOST, PLACE_BYTES);
    error = EUSERS;
  }
  if (place >= 0 && pwrite(file, who->text, sizeof who->text, (off_t)place * PLACE_BYTES) > 0)
    return file;
  close(file);
  errno = error;
  return -1;
}

void place_refuse(const struct claimant *who, int error)
{
  const char *domain = strndupa(who->text, strcspn(who->text, "\n"));
  refuse(error == EDQUOT ? OF_ONE : OF_HOST, domain, error, HELP);
}

void place_look(const struct plan *plan)
{
  if (geteuid() != 0 || !plan_has(plan, PLAN_LISTENER) || plan_has(plan, PLAN_ATTENDED))
    return;
  const struct claimant who = claimant_of(plan);
  int place = place_take(&who), error = errno;
  bool full = place < 0 && (error == EDQUOT || error == EUSERS);
  if (full && !shared_has_room(plan->memory))
    place_refuse(&who, error);
  /* EACCES: this launcher runs in a domain, and its filter's step fails with a better report. */
  errno = error;
  need(place >= 0 || full || error == EACCES, STEP, PLACES, "it must be writable for root");
  close(place);
}
