/*
 * Load for a web server, every answer looked at byte by byte:
 *
 *     http PORT CONNECTIONS
 *
 * Each connection asks without a pause for static files (SIZES bytes of a known pattern), puts,
 * gets and deletes a file of its own, and asks for /secret, which may be granted (200) or refused
 * (403). On the end of its standard input it finishes what it has begun and prints
 *
 *     ok N secrets N failed N wrong N longest N
 *
 * failed: answers 500, the server's word for EIO. wrong: everything else, told on standard error.
 * longest: milliseconds from a request to its answer.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#define BODY_MAX 300000

static atomic_bool over;
static atomic_long ok, secrets, failed, wrong, longest;
static in_port_t port;

static void complain(const char *what, const char *path, int status)
{
  wrong++;
  fprintf(stderr, "%s: %s: status %d: %s\n", path, what, status, strerror(errno));
}

static long now_ms(void)
{
  struct timespec now;
  clock_gettime(CLOCK_MONOTONIC, &now);
  return now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

/* The byte at `at` of the file `name`. */
static char pattern(const char *name, size_t at)
{
  return (char)('a' + (at * 31 + at / 257 + (size_t)name[strlen(name) - 1]) % 26);
}

static int dial(void)
{
  struct sockaddr_in to =
      {.sin_family = AF_INET, .sin_port = htons(port), .sin_addr = {htonl(INADDR_LOOPBACK)}};
  int connection = socket(AF_INET, SOCK_STREAM, 0);
  if (connect(connection, (void *)&to, sizeof to) == 0)
    return connection;
  close(connection);
  return -1;
}

static bool send_all(int connection, const char *bytes, size_t size)
{
  for (ssize_t sent; size > 0; bytes += sent, size -= (size_t)sent)
    if ((sent = send(connection, bytes, size, MSG_NOSIGNAL)) <= 0)
      return false;
  return true;
}

struct answer {
  int status;
  bool last; /* the server ends the connection after it, as it does after every 500 */
  size_t length;
  char body[BODY_MAX];
};

/* One request and its whole answer; false where the connection broke. */
static bool exchange(int connection, const char *method, const char *path, const char *body,
    size_t size, struct answer *answer)
{
  char head[4096];
  int length = snprintf(head, sizeof head,
      "%s %s HTTP/1.1\r\nHost: x\r\nContent-Length: %zu\r\n\r\n", method, path, size);
  if (!send_all(connection, head, (size_t)length) || !send_all(connection, body, size))
    return false;
  size_t have = 0;
  char *end = NULL;
  while (end == NULL) {
    ssize_t got = recv(connection, head + have, 1, 0);
    if (got != 1 || (have += 1) == sizeof head - 1)
      return false;
    head[have] = 0;
    end = strstr(head, "\r\n\r\n");
  }
  const char *field = strstr(head, "Content-Length: ");
  answer->last = strstr(head, "Connection: close") != NULL;
  answer->length = field == NULL ? 0 : strtoul(field + 16, NULL, 10);
  if (sscanf(head, "HTTP/1.1 %d ", &answer->status) != 1 || answer->length > BODY_MAX)
    return false;
  for (size_t at = 0; at < answer->length;) {
    ssize_t got = recv(connection, answer->body + at, answer->length - at, 0);
    if (got <= 0)
      return false;
    at += (size_t)got;
  }
  return true;
}

struct client {
  int number, connection;
  struct answer answer;
};

/* The status; 0 where there was no whole answer, which has been told. */
static int ask(struct client *client, const char *method, const char *path, const char *body,
    size_t size)
{
  long began = now_ms();
  if (client->connection < 0)
    client->connection = dial();
  bool whole = client->connection >= 0
      && exchange(client->connection, method, path, body, size, &client->answer);
  long took = now_ms() - began;
  for (long most = longest; took > most && !atomic_compare_exchange_weak(&longest, &most, took);)
    continue;
  if (!whole || client->answer.last) {
    close(client->connection);
    client->connection = -1;
  }
  if (!whole)
    return complain("no whole answer", path, 0), 0;
  failed += client->answer.status == 500;
  return client->answer.status;
}

static void expect(struct client *client, const char *path, int status, int wanted)
{
  if (status == wanted)
    ok++;
  else if (status != 0 && status != 500)
    complain("another status", path, client->answer.status);
}

static void get(struct client *client, const char *path, size_t size)
{
  int status = ask(client, "GET", path, "", 0);
  expect(client, path, status, 200);
  if (status != 200)
    return;
  bool same = client->answer.length == size;
  for (size_t at = 0; same && at < size; at++)
    same = client->answer.body[at] == pattern(path, at);
  if (!same)
    complain("another body", path, status);
}

/* Whether a file of one's own is there is known, unless a call on the way to it failed. */
static void own(struct client *client, size_t size)
{
  static __thread char body[BODY_MAX];
  char path[64];
  snprintf(path, sizeof path, "/own/%d-%zu", client->number, size);
  for (size_t at = 0; at < size; at++)
    body[at] = pattern(path, at);
  int put = ask(client, "PUT", path, body, size);
  expect(client, path, put, 201);
  if (put == 201)
    get(client, path, size);
  int removed = ask(client, "DELETE", path, "", 0);
  if (put != 500 || (removed != 404 && removed != 204))
    expect(client, path, removed, 204);
  /* A removal that failed may have been done or not. */
  if (removed == 500)
    ask(client, "DELETE", path, "", 0);
}

static void *work(void *argument)
{
  struct client *client = argument;
  client->connection = -1;
  while (!over) {
    get(client, "/small", 1000);
    get(client, "/large", 200000);
    own(client, 100);
    own(client, 60000);
    usleep(2000); /* the machine has other work */
    int status = ask(client, "GET", "/secret", "", 0);
    secrets++;
    if (status != 200)
      expect(client, "/secret", status, 403);
    else if (client->answer.length != 11 || memcmp(client->answer.body, "the secret\n", 11) != 0)
      complain("another body", "/secret", status);
  }
  close(client->connection);
  return NULL;
}

int main(int argc, char **argv)
{
  int count = argc == 3 ? atoi(argv[2]) : 0;
  struct client *clients = calloc((size_t)count, sizeof *clients);
  pthread_t *threads = calloc((size_t)count, sizeof *threads);
  port = (in_port_t)atoi(argv[1]);
  for (int i = 0; i < count; i++) {
    clients[i].number = i;
    pthread_create(&threads[i], NULL, work, &clients[i]);
  }
  for (char byte; read(STDIN_FILENO, &byte, 1) > 0;)
    continue;
  over = true;
  for (int i = 0; i < count; i++)
    pthread_join(threads[i], NULL);
  printf("ok %ld secrets %ld failed %ld wrong %ld longest %ld\n", ok, secrets, failed, wrong,
      longest);
  return 0;
}
