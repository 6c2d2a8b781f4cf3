/*
 * Load for redis, every answer compared:
 *
 *     redis PORT CONNECTIONS
 *
 * Each connection sets and gets BATCH keys of its own in one pipeline, again and again. On the end
 * of its standard input it prints
 *
 *     ok N wrong N longest N
 *
 * longest: milliseconds from a pipeline to its last answer.
 */
#include <arpa/inet.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#define BATCH 50
#define TEXT_MAX 16384

static atomic_bool over;
static atomic_long ok, wrong, longest;
static in_port_t port;

static long now_ms(void)
{
  struct timespec now;
  clock_gettime(CLOCK_MONOTONIC, &now);
  return now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

static bool receive(int connection, char *bytes, size_t size)
{
  for (size_t at = 0; at < size;) {
    ssize_t got = recv(connection, bytes + at, size - at, 0);
    if (got <= 0)
      return false;
    at += (size_t)got;
  }
  return true;
}

static bool round_trip(int connection, int client, long turn)
{
  static __thread char asked[TEXT_MAX], wanted[TEXT_MAX], answer[TEXT_MAX];
  int length = 0, expected = 0;
  for (int i = 0; i < BATCH; i++) {
    char value[32];
    int size = snprintf(value, sizeof value, "%d.%d.%ld", client, i, turn);
    length += snprintf(asked + length, sizeof asked - (size_t)length,
        "SET k%d.%d %s\r\nGET k%d.%d\r\n", client, i, value, client, i);
    expected += snprintf(wanted + expected, sizeof wanted - (size_t)expected,
        "+OK\r\n$%d\r\n%s\r\n", size, value);
  }
  long began = now_ms();
  bool whole = send(connection, asked, (size_t)length, MSG_NOSIGNAL) == length
      && receive(connection, answer, (size_t)expected);
  long took = now_ms() - began;
  for (long most = longest; took > most && !atomic_compare_exchange_weak(&longest, &most, took);)
    continue;
  if (whole && memcmp(answer, wanted, (size_t)expected) == 0) {
    ok += BATCH;
    return true;
  }
  wrong++;
  answer[whole ? expected : 0] = 0;
  fprintf(stderr, "wanted %s got %s\n", wanted, answer);
  return false;
}

static void *work(void *argument)
{
  struct sockaddr_in to =
      {.sin_family = AF_INET, .sin_port = htons(port), .sin_addr = {htonl(INADDR_LOOPBACK)}};
  int connection = socket(AF_INET, SOCK_STREAM, 0);
  bool good = connect(connection, (void *)&to, sizeof to) == 0;
  wrong += !good;
  for (long turn = 0; good && !over; turn++) {
    good = round_trip(connection, (int)(long)argument, turn);
    usleep(1000); /* the machine has other work */
  }
  close(connection);
  return NULL;
}

int main(int argc, char **argv)
{
  int count = argc == 3 ? atoi(argv[2]) : 0;
  pthread_t *threads = calloc((size_t)count, sizeof *threads);
  port = (in_port_t)atoi(argv[1]);
  for (long i = 0; i < count; i++)
    pthread_create(&threads[i], NULL, work, (void *)i);
  for (char byte; read(STDIN_FILENO, &byte, 1) > 0;)
    continue;
  over = true;
  for (int i = 0; i < count; i++)
    pthread_join(threads[i], NULL);
  printf("ok %ld wrong %ld longest %ld\n", ok, wrong, longest);
  return 0;
}
