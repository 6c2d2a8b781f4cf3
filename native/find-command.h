#ifndef FIND_COMMAND_H
#define FIND_COMMAND_H

/* The file that execvp(3) would execute for `command`; ends with 126 or 127 when there is none. */
const char *find_command(const char *command);

#endif
