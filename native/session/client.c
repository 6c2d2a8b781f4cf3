/* The client of the session server (src/sessions/). It passes on what it was started with, then its
   signals, and exits with the status that the server sends. It decides nothing and needs no
   privilege: the kernel tells the server who the client is. */
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <poll.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <termios.h>
#include <unistd.h>

/* As in the launcher: nothing was started. */
#define EXIT_REFUSED 125
/* Time to read why there is no shell, seconds. */
#define READING_S 5
/* Limit on attempts to reach a server that is starting or restarting, and the pause between them,
   microseconds. */
#define TRIES_MAX 30
#define TRY_US 100000
/* Limit on what the server sends at once, bytes. */
#define WORDS_MAX 4096

static const struct {
  const char *name, *socket;
} clients[] = {
    {"cofferdam-login", SESSIONS_FOLDER "/login.sock"},
    {"supershell", SESSIONS_FOLDER "/supershell.sock"},
};

/* Exits. At a console the end of a login brings the next prompt, which clears the screen. */
_Noreturn static void leave(int status)
{
  int is_console = getsid(0) == getpid() && isatty(STDERR_FILENO);
  if (status == EXIT_REFUSED && is_console && getenv("SSH_CONNECTION") == NULL)
    sleep(READING_S);
  _exit(status);
}

_Noreturn static void fail(const char *step, const char *help)
{
  dprintf(STDERR_FILENO, "cofferdam: %s: %s\n  help: %s\n", step, strerror(errno), help);
  leave(EXIT_REFUSED);
}

static void need(int good, const char *step)
{
  if (!good)
    fail(step, "without the sandbox: boot with systemd.unit=rescue.target; docs/shell.md, "
               "\"The way back\"");
}

static const char *socket_of(const char *name)
{
  for (size_t i = 0; i < sizeof clients / sizeof *clients; i++)
    if (strcmp(name, clients[i].name) == 0)
      return clients[i].socket;
  errno = EINVAL;
  fail(name, "call it by the name under which it is installed");
}

/* Blocks every signal, to pass it on. The terminal's hang-up must not end the client before the
   shell. */
static int signals_open(void)
{
  sigset_t every;
  sigfillset(&every);
  sigprocmask(SIG_BLOCK, &every, NULL);
  return signalfd(-1, &every, SFD_CLOEXEC);
}

static int server_connect(const char *path)
{
  struct sockaddr_un address = {.sun_family = AF_UNIX};
  int server = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
  strncpy(address.sun_path, path, sizeof address.sun_path - 1);
  need(server >= 0, "make a socket");
  for (int tries = 1; connect(server, (struct sockaddr *)&address, sizeof address) != 0; tries++) {
    int may_come = errno == ENOENT || errno == ECONNREFUSED;
    need(may_come && tries < TRIES_MAX, "reach the session server");
    usleep(TRY_US);
  }
  return server;
}

static char *request_make(const char *name, char **arguments, size_t *length)
{
  char folder[PATH_MAX], *request = NULL;
  FILE *stream = open_memstream(&request, length);
  need(stream != NULL, "write the request");
  size_t count = 0;
  while (arguments[count] != NULL)
    count++;
  fwrite("\0\0\0", 1, sizeof(uint32_t), stream);
  const char *directory = getcwd(folder, sizeof folder) == NULL ? "" : folder;
  fprintf(stream, "%s%c%s%c%zu%c", name, 0, directory, 0, count, 0);
  for (; *arguments != NULL; arguments++)
    fprintf(stream, "%s%c", *arguments, 0);
  for (char **variable = environ; *variable != NULL; variable++)
    fprintf(stream, "%s%c", *variable, 0);
  need(fclose(stream) == 0, "write the request");
  uint32_t body = (uint32_t)(*length - sizeof body);
  memcpy(request, &body, sizeof body);
  return request;
}

/* The descriptors go with the request's first byte. */
static void request_send(int server, const char *request, size_t length)
{
  const int descriptors[] = {STDIN_FILENO, STDOUT_FILENO, STDERR_FILENO};
  union {
    char bytes[CMSG_SPACE(sizeof descriptors)];
    struct cmsghdr align;
  } control = {0};
  struct iovec vector = {(void *)request, 1};
  struct msghdr message = {.msg_iov = &vector,
                           .msg_iovlen = 1,
                           .msg_control = control.bytes,
                           .msg_controllen = sizeof control.bytes};
  control.align = (struct cmsghdr){CMSG_LEN(sizeof descriptors), SOL_SOCKET, SCM_RIGHTS};
  memcpy(CMSG_DATA(&control.align), descriptors, sizeof descriptors);
  need(sendmsg(server, &message, MSG_NOSIGNAL) == 1, "ask the session server");
  for (size_t sent = 1; sent < length;) {
    ssize_t some = send(server, request + sent, length - sent, MSG_NOSIGNAL);
    need(some > 0, "ask the session server");
    sent += (size_t)some;
  }
}

static void pass_signal(int signals, int server)
{
  struct signalfd_siginfo news;
  if (read(signals, &news, sizeof news) != sizeof news)
    return;
  uint8_t number = (uint8_t)news.ssi_signo;
  send(server, &number, sizeof number, MSG_NOSIGNAL);
}

/* Serves until the server's last message: a status, then a text. */
_Noreturn static void attend(int server, int signals)
{
  struct pollfd ready[] = {{server, POLLIN, 0}, {signals, POLLIN, 0}};
  char words[WORDS_MAX];
  struct termios settings;
  int is_terminal = tcgetattr(STDIN_FILENO, &settings) == 0;
  size_t length = 0;
  for (;;) {
    if (poll(ready, 2, -1) < 0)
      continue;
    if (ready[1].revents != 0)
      pass_signal(signals, server);
    if (ready[0].revents == 0)
      continue;
    ssize_t got = length < sizeof words ? read(server, words + length, sizeof words - length) : 0;
    if (got > 0) {
      length += (size_t)got;
      continue;
    }
    if (length == 0 && is_terminal) /* a server that died may have left it raw */
      tcsetattr(STDIN_FILENO, TCSANOW, &settings);
    errno = ECONNRESET;
    need(length > 0, "read the session server's answer");
    if (length > 1 && write(STDERR_FILENO, words + 1, length - 1) < 0)
      _exit(EXIT_REFUSED);
    leave((uint8_t)words[0]);
  }
}

int main(int argc, char **argv)
{
  const char *name = argc > 0 ? basename(argv[0]) : "";
  name += *name == '-'; /* a login shell's */
  for (int i = 0; i <= STDERR_FILENO; i++)
    need(fcntl(i, F_GETFD) >= 0 || open("/dev/null", O_RDWR) == i,
         "fill a closed standard descriptor");
  const char *path = socket_of(name);
  int signals = signals_open(), server = server_connect(path);
  need(signals >= 0, "wait for signals");
  size_t length;
  char *request = request_make(name, argv + 1, &length);
  request_send(server, request, length);
  attend(server, signals);
}
