/*
 * argv: cgroup.procs (`-` enters none), granted socket path, other socket path, least number of
 * tries. A thread flips the name in the address between the two (of the same length) while
 * connect() is called with it. Prints: connected to the granted one, denied, reached the other.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

static struct sockaddr_un flipping = { .sun_family = AF_UNIX };
static const char *names[2];
static atomic_int stop;

static void *flip(void *unused)
{
	size_t last = strlen(names[0]) - 1;
	volatile char *byte = (volatile char *)&flipping.sun_path[last];

	for (unsigned turn = 0; !atomic_load_explicit(&stop, memory_order_relaxed); turn++) {
		*byte = names[turn & 1][last];
		for (volatile int wait = 0; wait < 20; wait++)
			;
	}
	return unused;
}

int main(int count, char **arguments)
{
	long granted = 0, denied = 0, other = 0, tries = count == 5 ? atol(arguments[4]) : 0;
	pthread_t thread;
	int procs, socket_file;

	if (tries == 0)
		return 2;
	names[0] = arguments[2];
	names[1] = arguments[3];
	if (strcmp(arguments[1], "-")) {
		procs = open(arguments[1], O_WRONLY);
		if (write(procs, "0", 1) != 1)
			return perror("enter the cgroup"), 1;
	}
	strcpy(flipping.sun_path, names[0]);
	socket_file = socket(AF_UNIX, SOCK_DGRAM, 0);
	pthread_create(&thread, NULL, flip, NULL);
	/* On a busy machine the other thread may not have run at all: go on until both names were met,
	   within reason. */
	for (long i = 0; i < tries || (i < 50 * tries && (granted == 0 || denied + other == 0)); i++) {
		struct sockaddr_un peer;
		socklen_t size = sizeof(peer);

		if (connect(socket_file, (void *)&flipping, sizeof(flipping))) {
			if (errno != EACCES)
				return perror("connect"), 1;
			denied++;
			continue;
		}
		memset(&peer, 0, sizeof(peer));
		getpeername(socket_file, (void *)&peer, &size);
		if (!strcmp(peer.sun_path, names[0]))
			granted++;
		else
			other++;
	}
	atomic_store(&stop, 1);
	pthread_join(thread, NULL);
	printf("%ld %ld %ld\n", granted, denied, other);
	return 0;
}
