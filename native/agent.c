#include "launcher.h"

#define AGENT_SOCKET "/run/cofferdam/control.sock"
/* Limit on the request and on what is read of the answer, in bytes. */
#define MESSAGE_BYTES_MAX 8192
/* Limit on a unit's name with every byte escaped, in bytes (UNIT_NAME_MAX of systemd is 255). */
#define UNIT_BYTES_MAX 512
/* Limit on a list of groups' names, in bytes. Of a longer one the agent makes no plan. */
#define GROUPS_BYTES_MAX 4096
/* Limit on the body of a request, in bytes. */
#define BODY_BYTES_MAX (UNIT_BYTES_MAX + GROUPS_BYTES_MAX + 64)
/* How long the agent may take to take the request, and then to say more, in milliseconds. */
#define ANSWER_MS 60000
/* Limit on the waits for an agent that has taken it, a count. At a boot all services ask for their
   plans; in a unit, systemd ends what takes longer than the unit may. */
#define ANSWER_WAITS_MAX 10
#define TAKEN "HTTP/1.1 102 "
#define DONE "HTTP/1.1 200 "
#define HEAD_END "\r\n\r\n"

/* Names of units (systemd-escape(1)) and groups contain backslashes and nothing else that JSON
   escapes. */
static void escaped(const char *name, char *text, size_t room)
{
  size_t length = 0;
  for (; *name != 0 && length < room - 2; name++) {
    if (*name == '\\' || *name == '"')
      text[length++] = '\\';
    text[length++] = *name;
  }
  text[length] = 0;
}

/* Whether the agent has sent something, or ended the connection. `taken`: it has the request. */
static bool has_answered(int connection, bool taken, const char *step, const char *domain)
{
  struct pollfd heard = {.fd = connection, .events = POLLIN};
  for (int waits = 0; waits < (taken ? ANSWER_WAITS_MAX : 1); waits++) {
    int ready = poll(&heard, 1, ANSWER_MS);
    if (ready != 0)
      return ready == 1;
    if (!taken)
      break;
    dprintf(report_descriptor, "cofferdam: %s: %s: the agent is still at work\n", step, domain);
  }
  errno = ETIMEDOUT;
  return false;
}

/* Reads up to the end of the answer. Returns false where it does not end in time. */
static bool hear(int connection, const char *step, const char *domain,
                 char answer[MESSAGE_BYTES_MAX])
{
  size_t length = 0;
  while (length < MESSAGE_BYTES_MAX - 1 && has_answered(connection, length > 0, step, domain)) {
    ssize_t got = read(connection, answer + length, MESSAGE_BYTES_MAX - 1 - length);
    if (got == 0)
      errno = ECONNRESET; /* unless the answer was whole */
    if (got <= 0)
      return got == 0 && length > 0;
    answer[length += (size_t)got] = 0;
  }
  return length == MESSAGE_BYTES_MAX - 1;
}

/* Behind what says that the request was taken. */
static const char *last_answer(const char *answer)
{
  const char *end = strstr(answer, HEAD_END);
  bool more = strncmp(answer, TAKEN, strlen(TAKEN)) == 0 && end != NULL;
  return more ? end + strlen(HEAD_END) : answer;
}

/* Asks the agent for `what` of a domain, with a body in JSON. Reports why it was not done. */
static bool ask(const char *step, const char *domain, const char *what, const char *body,
                char answer[MESSAGE_BYTES_MAX])
{
  const struct sockaddr_un address = {AF_UNIX, AGENT_SOCKET};
  char request[MESSAGE_BYTES_MAX];
  int connection = connect_to_root(&address, SOCK_STREAM);
  answer[0] = 0;
  if (connection < 0) {
    report(step, AGENT_SOCKET, errno, "systemctl start cofferdam-agent");
    return false;
  }
  int length = snprintf(request, sizeof request,
                        "POST /v1/domains/%s/%s HTTP/1.1\r\nHost: cofferdam\r\n"
                        "Connection: close\r\nContent-Length: %zu\r\n\r\n%s",
                        domain, what, strlen(body), body);
  bool sent = length < (int)sizeof request &&
              send(connection, request, (size_t)length, MSG_NOSIGNAL) == length;
  bool heard = sent && hear(connection, step, domain, answer);
  close(connection);
  const char *last = last_answer(answer);
  if (heard && strncmp(last, DONE, strlen(DONE)) == 0)
    return true;
  const char *said = strstr(last, HEAD_END);
  const char *unheard = "the agent did not answer: systemctl restart cofferdam-agent, and "
                        "journalctl -u cofferdam-agent";
  report(step, domain, heard ? 0 : errno, said == NULL ? unheard : said + strlen(HEAD_END));
  return false;
}

bool agent_makes_plan(const char *domain, const char *unit, const char *groups)
{
  char name[UNIT_BYTES_MAX], names[GROUPS_BYTES_MAX];
  char body[BODY_BYTES_MAX], answer[MESSAGE_BYTES_MAX];
  escaped(unit, name, sizeof name);
  escaped(groups == NULL ? "" : groups, names, sizeof names);
  const char *member = groups == NULL ? "" : ",\"groups\":\"";
  snprintf(body, sizeof body, "{\"unit\":\"%s\"%s%s%s}", name, member, names,
           groups == NULL ? "" : "\"");
  return ask("get the plan from the agent", domain, "plan", body, answer);
}

bool agent_leads(const struct plan *plan)
{
  static const char *const levels[] = {
      [PLAN_LEVEL_ENFORCING] = "enforcing",
      [PLAN_LEVEL_WARNING] = "warning",
      [PLAN_LEVEL_DISABLED] = "disabled",
  };
  char body[64], answer[MESSAGE_BYTES_MAX];
  snprintf(body, sizeof body, "{\"level\":\"%s\"}", levels[plan->head->level]);
  return ask("have the agent lead it into the domain", plan_string(plan, plan->head->domain),
             "arrival", body, answer);
}

/* Whether the agent names this program among those that it has found at the group. */
static bool names(const char *answer, const struct plan_cgroup_programs *program)
{
  char one[64];
  int length = snprintf(one, sizeof one, "\"%" PRIu64 " ", program->attach_type);
  for (size_t i = 0; i < sizeof program->tag; i++)
    length += snprintf(one + length, sizeof one - (size_t)length, "%02x", program->tag[i]);
  snprintf(one + length, sizeof one - (size_t)length, "\"");
  return strstr(answer, one) != NULL;
}

bool agent_attaches(const struct plan *plan, const char *anchor)
{
  const char *step = "have the agent attach the domain's programs in the unit";
  const struct plan_cgroup_programs *programs =
      plan_records(plan, SECTION_CGROUP_PROGRAMS, plan_cgroup_programs);
  char body[BODY_BYTES_MAX], answer[MESSAGE_BYTES_MAX];
  snprintf(body, sizeof body, "{\"anchor\":\"%s\"}", anchor);
  if (!ask(step, plan_string(plan, plan->head->domain), "programs", body, answer))
    return false;
  for (size_t i = 0; i < plan->section[SECTION_CGROUP_PROGRAMS].count; i++)
    if (!names(answer, &programs[i])) {
      report(step, anchor, 0, "remove that cgroup; the next start makes it again");
      return false;
    }
  return true;
}
