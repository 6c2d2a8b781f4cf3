/* Cofferdam's Node programs, started by the native front. */
#ifndef NODE_H
#define NODE_H

/* Becomes `node dist/cofferdam.js` with the original arguments behind argv[0]. */
_Noreturn void node_become(char **argv);

/* A descriptor a child finds at number `at`. */
struct handed {
  int from, at;
};

/* Runs `node PROGRAM ARGUMENTS` with a cleaned environment, no input, its output on descriptor `output`, default signals, and
   no descriptor but those handed. An intermediate process is the parent, so that the launcher has no child and gets no SIGCHLD.
   With `wait` returns its wait status (waitpid(2)), else 0 once it is started; refuses the start when it cannot be made. */
int node_child(const char *step, const char *const *arguments, int output, const struct handed *handed, int handed_count,
               int wait);

/* A fork that takes no SIGCHLD: 0 in the child, -1 with errno. `flags` as in clone(2). */
int fork_quietly(unsigned long flags);
int wait_for(int process);

/* Every signal as a new program expects it: default and unblocked. */
void signals_default(void);

#endif
