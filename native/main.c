/* The front. `run` goes from here to the daemon without Node; everything else is left to the
   command line. */
#include <sys/auxv.h>

#include "holder.h"

/* Called by another name, it acts as the program of that name (src/esxi/). */
#define OWN_NAME "cofferdam"

_Noreturn static void execute(const struct handover *handover, const struct plan *plan,
                              const char *command, char **arguments)
{
  execve(command, arguments, environ);
  int error = errno;
  if (handover != NULL && handover->full != 0) {
    const struct claimant who = claimant_of(plan);
    place_refuse(&who, handover->full);
  }
  errno = error;
  const char *no_interpreter =
      "the interpreter in its first line, or its dynamic loader, is missing";
  const char *no_program =
      "it is not a program; a script names its interpreter in its first line: #!/bin/sh";
  const char *help = errno == EACCES    ? "the policy must grant `rx` on it and on its interpreter"
                     : errno == ENOENT  ? no_interpreter
                     : errno == ENOEXEC ? no_program
                                        : NULL;
  int status = errno == ENOENT ? EXIT_NOT_FOUND : EXIT_NOT_EXECUTABLE;
  fail(status, "execute the command", command, errno, help);
}

/* The order matters. Descriptors come first, so that no inherited one is shared with the holder.
   The holder is made before the cgroup and before any privilege is dropped, so that it lives
   outside the domain and cleans up after every failure. Paths are opened before the identity
   changes. Landlock and seccomp come last, while CAP_SYS_ADMIN is still effective where
   no_new_privs is not set. Behind the filter the launcher only writes memory and calls execve; in a
   supervised domain it also wakes the holder, which that filter never notifies. */
_Noreturn static void confine(const struct options *options, struct plan *plan,
                              const char *plan_path, const char *command)
{
  descriptors_close(plan);
  int events = options->events != NULL ? events_start(options, plan_path) : -1;
  descriptors_replace(plan);
  struct sockets escaping = {.count = 0};
  if (plan->section[SECTION_ASKING_FILTER].count > 0)
    escaping = descriptors_escaping(plan);
  struct handover *handover = holder_start(plan, events);
  bool fixed = options->level_given || geteuid() != 0 || plan->head->number == 0;
  record_make(plan, fixed ? "fixed" : "live", handover->holder, &handover->record);
  bool asks = cgroup_enter(plan, &escaping, options->in_unit, &handover->cgroup);
  identity_private_ipc(plan);
  int ruleset = plan_has(plan, PLAN_LANDLOCK) ? landlock_build(plan, &handover->held) : -1;
  core_limit(plan);
  identity_assume(plan);
  if (ruleset >= 0)
    landlock_enter(plan, ruleset, plan_path);
  memory_fix(plan);
  holder_give(handover, seccomp_install(plan, asks));
  execute(handover, plan, command, options->command);
}

/* A domain that the kernel's engine holds, at any level. What is taken here is taken for good, so
   at the levels that refuse nothing it is nothing. The agent is asked while this process is root,
   and before the filter. From its answer on, this process must not execute anything but the
   command: its next execve is the one that leads into the domain. */
_Noreturn static void arrive(const struct options *options, struct plan *plan, const char *command)
{
  const bool enforcing = plan->head->level == PLAN_LEVEL_ENFORCING;
  if (options->events != NULL)
    refuse("collect the events of this run", plan_string(plan, plan->head->domain), 0,
           "the bpf-lsm engine holds the domain: cofferdam events has them, with all others");
  if (enforcing) {
    descriptors_close(plan);
    descriptors_replace(plan);
  }
  core_limit(plan);
  if (!agent_leads(plan))
    refuse("enter the domain", plan_string(plan, plan->head->domain), 0,
           "nothing is started outside its domain; see the messages above");
  identity_assume(plan);
  if (plan_has(plan, PLAN_SECCOMP))
    seccomp_install(plan, false);
  execute(NULL, plan, command, options->command);
}

int main(int argc, char **argv)
{
  if (getauxval(AT_SECURE) != 0)
    refuse("start", "bin/cofferdam", 0,
           "it must not be set-user-id, set-group-id or carry file capabilities");
  const char *name = argc > 0 ? basename(argv[0]) : OWN_NAME;
  bool is_own = strcmp(name, OWN_NAME) == 0;
  bool runs = argc >= 3 && is_own && strcmp(argv[1], "run") == 0;
  if (!runs || strcmp(argv[2], "--help") == 0 || strcmp(argv[2], "-h") == 0)
    node_become(argv, is_own ? NULL : name);
  descriptors_hold();
  const struct options options = options_read(argc - 1, argv + 1);
  const char *plan_path;
  if (options.prepare != NULL) {
    cgroup_leave_unit(); /* while it still may make the group to which it goes */
    identity_limit(*options.prepare);
    plan_obtain(&options, &plan_path);
    return EXIT_SUCCESS;
  }
  const char *command = find_command(options.command[0]);
  if (options.argv0 != NULL)
    options.command[0] = (char *)options.argv0;
  struct plan plan = plan_obtain(&options, &plan_path);
  if (plan_has(&plan, PLAN_BPF_LSM))
    arrive(&options, &plan, command);
  if (plan.head->level == PLAN_LEVEL_DISABLED) {
    identity_assume(&plan); /* unconfined, but as the policy's user */
    execute(NULL, &plan, command, options.command);
  }
  place_look(&plan);
  confine(&options, &plan, plan_path, command);
}
