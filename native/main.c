/* The front: `run` goes from here to the daemon without Node; everything else is the command line's. */
#include <string.h>
#include <sys/auxv.h>

#include "compile.h"
#include "confine.h"
#include "descriptors.h"
#include "find-command.h"
#include "node.h"
#include "options.h"
#include "places.h"
#include "report.h"

int main(int argc, char **argv)
{
  if (getauxval(AT_SECURE) != 0)
    refuse("start", "bin/cofferdam", 0, "it must not be set-user-id, set-group-id or carry file capabilities");
  if (argc < 3 || strcmp(argv[1], "run") != 0 || strcmp(argv[2], "--help") == 0 || strcmp(argv[2], "-h") == 0)
    node_become(argv);
  descriptors_hold();
  const struct options options = options_read(argv + 2);
  const char *command = find_command(options.command[0]);
  const char *directory = places_plans();
  const char *name = places_plan_name(&options);
  const struct plan plan = plan_obtain(&options, directory, name);
  confine(&options, &plan, joined(directory, "/", name), command);
}
