/* What the programs of this folder share that obey their standard input. */
#pragma once
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

static const char *answer(int result)
{
	return result < 0 ? strerrorname_np(errno) : "OK";
}

static int enter(const char *procs)
{
	int file = open(procs, O_WRONLY);
	int written = file < 0 ? -1 : (int)write(file, "0", 1);

	close(file);
	return written;
}

/* 0 for a text that is no address. */
static socklen_t address_of(const char *text, int port, struct sockaddr_storage *out)
{
	struct sockaddr_in *four = (void *)out;
	struct sockaddr_in6 *six = (void *)out;

	memset(out, 0, sizeof(*out));
	if (!strchr(text, ':')) {
		four->sin_family = AF_INET;
		four->sin_port = htons(port);
		return inet_pton(AF_INET, text, &four->sin_addr) == 1 ? sizeof(*four) : 0;
	}
	six->sin6_family = AF_INET6;
	six->sin6_port = htons(port);
	return inet_pton(AF_INET6, text, &six->sin6_addr) == 1 ? sizeof(*six) : 0;
}
