/* argv: stream|dgram, then names of unix sockets (sun_path in hex). Holds them bound until
   standard input ends. */
#include <stddef.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

int main(int count, char **arguments)
{
	int stream = count > 1 && !strcmp(arguments[1], "stream");
	char rest;

	for (int i = 2; i < count; i++) {
		struct sockaddr_un address = { .sun_family = AF_UNIX };
		int file = socket(AF_UNIX, stream ? SOCK_STREAM : SOCK_DGRAM, 0);
		size_t bytes = strlen(arguments[i]) / 2;

		for (size_t at = 0; at < bytes; at++)
			sscanf(arguments[i] + 2 * at, "%2hhx", (unsigned char *)&address.sun_path[at]);
		if (bind(file, (void *)&address, offsetof(struct sockaddr_un, sun_path) + bytes))
			return perror("bind"), 1;
		if (stream && listen(file, 8))
			return perror("listen"), 1;
	}
	puts("ready");
	fflush(stdout);
	while (read(0, &rest, 1) > 0)
		;
	return 0;
}
