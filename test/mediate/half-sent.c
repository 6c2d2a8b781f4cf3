// Sends messages over a stream to a thread of its own that reads slowly, until SIGUSR1 says that
// the mediator has been killed often enough. Prints how many were told to have failed, how many
// arrived otherwise than they were told, and how many had a byte twice, or in another's place.
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <sys/socket.h>
#include <unistd.h>

enum { WORDS = 512 * 1024, READ = 16 * 1024, REST_US = 500 };
static uint32_t sent[WORDS];
static volatile sig_atomic_t over;

static void stop(int signal) { (void)signal; over = 1; }

struct reader {
  int socket;
  size_t bytes;
  int wrong;
};

static void *read_all(void *argument) {
  struct reader *reader = argument;
  static uint8_t bytes[READ];
  for (ssize_t got; (got = read(reader->socket, bytes, sizeof bytes)) != 0; usleep(REST_US)) {
    if (got < 0) continue;
    for (ssize_t i = 0; i < got; i++)
      reader->wrong |= bytes[i] != ((uint8_t *)sent)[reader->bytes + (size_t)i];
    reader->bytes += (size_t)got;
  }
  return NULL;
}

int main(void) {
  struct sigaction action = {.sa_handler = stop, .sa_flags = SA_RESTART};
  sigaction(SIGUSR1, &action, NULL);
  for (uint32_t i = 0; i < WORDS; i++) sent[i] = i * 2654435761u;
  int failed = 0, untrue = 0, wrong = 0, rounds = 0;
  for (; !over; rounds++) {
    int ends[2];
    pthread_t thread;
    if (socketpair(AF_UNIX, SOCK_STREAM, 0, ends)) return 9;
    struct reader reader = {.socket = ends[1]};
    if (pthread_create(&thread, NULL, read_all, &reader)) return 8;
    close(open("open/name", O_CREAT | O_WRONLY, 0600));
    struct iovec text = {sent, sizeof sent};
    struct msghdr message = {.msg_iov = &text, .msg_iovlen = 1};
    ssize_t told = sendmsg(ends[0], &message, MSG_NOSIGNAL);
    int error = errno;
    close(ends[0]);
    pthread_join(thread, NULL);
    close(ends[1]);
    failed += told < 0 && error == EIO;
    untrue += told < 0 ? error != EIO : (size_t)told != reader.bytes;
    wrong += reader.wrong;
  }
  printf("failed %d untrue %d wrong %d\n", failed, untrue, wrong);
  return rounds == 0;
}
