/*
 * A daemon that connects and sends as it is told: one line of standard input, one line of answer.
 *
 *   send tcp|udp ADDRESS PORT        connect, or one datagram with an address
 *   message ADDRESS PORT             one UDP datagram by sendmsg
 *   messages COUNT ADDRESS PORT      UDP datagrams by one sendmmsg: how many went, or the error
 *   unix stream|dgram NAME           connect, or one datagram by sendmsg; @ begins an abstract name
 *   flood MS ADDRESS PORT            UDP datagrams for so long: how many went, and were refused
 *   switched COUNTERS ADDRESS PORT   the same until the file's first byte is 1, counting in it
 *   spread COUNT ADDRESS PORT        one datagram to each of COUNT ports from PORT on
 *   bind ADDRESS PORT                UDP
 *   pair stream|dgram MS             sendmsg over a socketpair for so long: how many went
 *   accepted DESCRIPTOR ADDRESS PORT a connection that it accepts, let go of and connected anew
 *   through DESCRIPTOR ADDRESS PORT  one datagram by it; a stream is let go of and connected anew
 */
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <time.h>
#include <unistd.h>

#define MESSAGES_MAX 64

static char said[64];

static const char *answer(long result)
{
  return result < 0 ? strerrorname_np(errno) : "OK";
}

static socklen_t address_of(const char *text, int port, struct sockaddr_storage *out)
{
  struct sockaddr_in *four = (void *)out;
  struct sockaddr_in6 *six = (void *)out;
  memset(out, 0, sizeof *out);
  if (strchr(text, ':') == NULL) {
    four->sin_family = AF_INET;
    four->sin_port = htons((uint16_t)port);
    return inet_pton(AF_INET, text, &four->sin_addr) == 1 ? sizeof *four : 0;
  }
  six->sin6_family = AF_INET6;
  six->sin6_port = htons((uint16_t)port);
  return inet_pton(AF_INET6, text, &six->sin6_addr) == 1 ? sizeof *six : 0;
}

static const char *send_to(const char *protocol, const char *text, int port)
{
  struct sockaddr_storage address;
  socklen_t length = address_of(text, port, &address);
  int is_tcp = strcmp(protocol, "tcp") == 0;
  int file = socket(address.ss_family, (is_tcp ? SOCK_STREAM : SOCK_DGRAM) | SOCK_CLOEXEC, 0);
  const char *result = answer(is_tcp ? connect(file, (void *)&address, length)
                                     : sendto(file, "x", 1, 0, (void *)&address, length));
  close(file);
  return result;
}

static const char *messages(int count, const char *text, int port)
{
  struct sockaddr_storage address;
  socklen_t length = address_of(text, port, &address);
  struct iovec data = {"x", 1};
  struct mmsghdr all[MESSAGES_MAX];
  int file = socket(address.ss_family, SOCK_DGRAM | SOCK_CLOEXEC, 0);
  for (int i = 0; i < MESSAGES_MAX; i++)
    all[i].msg_hdr = (struct msghdr){&address, length, &data, 1, NULL, 0, 0};
  int sent = count == 0 ? (int)sendmsg(file, &all[0].msg_hdr, 0)
                        : sendmmsg(file, all, (unsigned)count, 0);
  const char *result = answer(sent);
  close(file);
  if (sent >= 0 && count > 0)
    snprintf(said, sizeof said, "%d", sent);
  return sent >= 0 && count > 0 ? said : result;
}

static const char *to_name(const char *kind, const char *name)
{
  struct sockaddr_un address = {.sun_family = AF_UNIX};
  size_t bytes = strlen(name);
  int is_stream = strcmp(kind, "stream") == 0;
  memcpy(address.sun_path, name, bytes);
  if (name[0] == '@')
    address.sun_path[0] = 0;
  socklen_t length = (socklen_t)(offsetof(struct sockaddr_un, sun_path) + bytes);
  struct iovec data = {"x", 1};
  struct msghdr message = {&address, length, &data, 1, NULL, 0, 0};
  int file = socket(AF_UNIX, (is_stream ? SOCK_STREAM : SOCK_DGRAM) | SOCK_CLOEXEC, 0);
  const char *result = answer(is_stream ? connect(file, (void *)&address, length)
                                        : sendmsg(file, &message, 0));
  close(file);
  return result;
}

static long milliseconds(void)
{
  struct timespec now;
  clock_gettime(CLOCK_MONOTONIC, &now);
  return now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

static const char *flood(int limit, const char *text, int port)
{
  struct sockaddr_storage address;
  socklen_t length = address_of(text, port, &address);
  long until = milliseconds() + limit, went = 0, refused = 0;
  int file = socket(address.ss_family, SOCK_DGRAM | SOCK_CLOEXEC, 0);
  while (milliseconds() < until)
    sendto(file, "x", 1, 0, (void *)&address, length) < 0 ? refused++ : went++;
  close(file);
  snprintf(said, sizeof said, "%ld %ld", went, refused);
  return said;
}

/* Bytes 16 and 24 of the file: how many were refused, and went. */
static const char *switched(const char *path, const char *text, int port)
{
  struct sockaddr_storage address;
  socklen_t length = address_of(text, port, &address);
  int counters = open(path, O_RDWR | O_CLOEXEC);
  volatile uint64_t *words = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_SHARED, counters, 0);
  int file = socket(address.ss_family, SOCK_DGRAM | SOCK_CLOEXEC, 0);
  if (words == MAP_FAILED)
    return answer(-1);
  while (words[0] == 0)
    words[sendto(file, "x", 1, 0, (void *)&address, length) < 0 ? 2 : 3]++;
  close(file);
  close(counters);
  return "OK";
}

static const char *spread(int count, const char *text, int port)
{
  struct sockaddr_storage address;
  int file = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
  for (int i = 0; i < count; i++)
    sendto(file, "x", 1, 0, (void *)&address, address_of(text, port + i, &address));
  close(file);
  return "OK";
}

static const char *pair(const char *kind, int limit)
{
  char received[1];
  int ends[2];
  struct iovec data = {"x", 1};
  struct msghdr message = {NULL, 0, &data, 1, NULL, 0, 0};
  long until = milliseconds() + limit, went = 0;
  int type = strcmp(kind, "stream") == 0 ? SOCK_STREAM : SOCK_DGRAM;
  if (socketpair(AF_UNIX, type | SOCK_CLOEXEC, 0, ends) != 0)
    return answer(-1);
  while (milliseconds() < until && sendmsg(ends[0], &message, 0) == 1 &&
         read(ends[1], received, 1) == 1)
    went++;
  close(ends[0]);
  close(ends[1]);
  snprintf(said, sizeof said, "%ld", went);
  return said;
}

static const char *bind_to(const char *text, int port)
{
  struct sockaddr_storage address;
  socklen_t length = address_of(text, port, &address);
  int file = socket(address.ss_family, SOCK_DGRAM | SOCK_CLOEXEC, 0);
  const char *result = answer(bind(file, (void *)&address, length));
  close(file);
  return result;
}

static const char *through(int descriptor, const char *text, int port)
{
  struct sockaddr_storage address;
  const struct sockaddr nobody = {.sa_family = AF_UNSPEC};
  socklen_t length = address_of(text, port, &address), size = sizeof(int);
  int type = 0;
  getsockopt(descriptor, SOL_SOCKET, SO_TYPE, &type, &size);
  if (type == SOCK_DGRAM)
    return answer(sendto(descriptor, "x", 1, 0, (void *)&address, length));
  connect(descriptor, &nobody, sizeof nobody);
  return answer(connect(descriptor, (void *)&address, length));
}

static const char *accepted(int listener, const char *text, int port)
{
  struct sockaddr_storage own;
  socklen_t length = sizeof own;
  getsockname(listener, (void *)&own, &length);
  int client = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  connect(client, (void *)&own, length);
  int connection = accept(listener, NULL, NULL);
  const char *result = through(connection, text, port);
  close(connection);
  close(client);
  return result;
}

static const char *obey(const char *verb, const char *a, const char *b, const char *c)
{
  if (strcmp(verb, "send") == 0)
    return send_to(a, b, atoi(c));
  if (strcmp(verb, "message") == 0)
    return messages(0, a, atoi(b));
  if (strcmp(verb, "messages") == 0)
    return messages(atoi(a), b, atoi(c));
  if (strcmp(verb, "unix") == 0)
    return to_name(a, b);
  if (strcmp(verb, "flood") == 0)
    return flood(atoi(a), b, atoi(c));
  if (strcmp(verb, "switched") == 0)
    return switched(a, b, atoi(c));
  if (strcmp(verb, "spread") == 0)
    return spread(atoi(a), b, atoi(c));
  if (strcmp(verb, "pair") == 0)
    return pair(a, atoi(b));
  if (strcmp(verb, "accepted") == 0)
    return accepted(atoi(a), b, atoi(c));
  if (strcmp(verb, "through") == 0)
    return through(atoi(a), b, atoi(c));
  return strcmp(verb, "bind") == 0 ? bind_to(a, atoi(b)) : "what?";
}

int main(void)
{
  char *line = NULL;
  size_t size = 0;
  while (getline(&line, &size, stdin) > 0) {
    char *words[4] = {"", "", "", ""};
    int count = 0;
    for (char *word = strtok(line, " \n"); word != NULL && count < 4; word = strtok(NULL, " \n"))
      words[count++] = word;
    puts(obey(words[0], words[1], words[2], words[3]));
    fflush(stdout);
  }
  free(line);
  return 0;
}
