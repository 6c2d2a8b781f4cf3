/* How the launcher fails: which step, which object, which errno, what to do. */
#ifndef REPORT_H
#define REPORT_H

/* Exit statuses before the daemon runs, as env(1) and timeout(1) use them. */
#define EXIT_REFUSED 125
#define EXIT_NOT_EXECUTABLE 126
#define EXIT_NOT_FOUND 127

/* Where reports go; moved off descriptor 2 before that is taken from the daemon. */
extern int report_descriptor;

/* What went wrong. `error` is an errno or 0; `object` and `help` may be NULL. */
struct problem {
  const char *step;
  const char *object;
  int error;
  const char *help;
};

void report(const struct problem *problem);
_Noreturn void fail(int status, const struct problem *problem);
_Noreturn void refuse(const char *step, const char *object, int error, const char *help);

#endif
