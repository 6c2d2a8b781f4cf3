/*
 * Sockets by name, which keep the cgroup in which they were made. Answers one line for each line of
 * standard input: OK, or the name of the error. ADDRESS with a colon is IPv6.
 *
 *   enter FILE                          moves to the cgroup of this cgroup.procs
 *   socket NAME 4|6                     a UDP socket
 *   bind|connect NAME ADDRESS PORT
 *   send NAME ADDRESS PORT              a datagram to this address
 *   write NAME                          a datagram without an address
 *   routed NAME HOP ADDRESS PORT        a datagram with a source route by way of HOP (IPv4)
 *   ask NAME OTHER                      a datagram to the port of OTHER on 127.0.0.1
 *   receive|peek NAME                   answers the address that it came from: ADDRESS PORT
 *   dissolve NAME                       connects to AF_UNSPEC
 *   crowd NAME ADDRESS PORT COUNT       so many new sockets send to ADDRESS PORT; NAME receives
 *   shared NAME ADDRESS PORT            like bind, with SO_REUSEPORT
 */
#define _GNU_SOURCE
#include <netinet/ip.h>
#include <stdio.h>
#include <stdlib.h>

#include "asked.h"

#define NAMES_MAX 256
/* Of one address, in the crowd. */
#define PORTS_EACH 20000
#define PORT_FIRST 20000

static int sockets[NAMES_MAX];

static const char *receive(int file, int flags)
{
	static char said[INET6_ADDRSTRLEN + 8];
	char text[INET6_ADDRSTRLEN], byte;
	struct sockaddr_storage from;
	struct sockaddr_in *four = (void *)&from;
	struct sockaddr_in6 *six = (void *)&from;
	socklen_t length = sizeof(from);
	int is_four;

	if (recvfrom(file, &byte, 1, flags, (void *)&from, &length) < 0)
		return answer(-1);
	is_four = from.ss_family == AF_INET;
	inet_ntop(from.ss_family, is_four ? (void *)&four->sin_addr : (void *)&six->sin6_addr, text,
		  sizeof(text));
	snprintf(said, sizeof(said), "%s %d", text,
		 ntohs(is_four ? four->sin_port : six->sin6_port));
	return said;
}

static const char *routed(int file, const char *hop, const char *text, int port)
{
	struct sockaddr_storage address;
	char control[CMSG_SPACE(8)] = "", route[8] = { IPOPT_LSRR, 7, IPOPT_MINOFF };
	struct iovec content = { "x", 1 };
	struct msghdr message = { .msg_iov = &content, .msg_iovlen = 1, .msg_control = control,
				  .msg_controllen = sizeof(control), .msg_name = &address };
	struct cmsghdr *piece = (void *)control;

	message.msg_namelen = address_of(text, port, &address);
	inet_pton(AF_INET, hop, route + 3);
	piece->cmsg_level = IPPROTO_IP;
	piece->cmsg_type = IP_RETOPTS;
	piece->cmsg_len = CMSG_LEN(sizeof(route));
	memcpy(CMSG_DATA(piece), route, sizeof(route));
	return answer((int)sendmsg(file, &message, 0));
}

static const char *ask(int file, int other)
{
	struct sockaddr_in to;
	socklen_t length = sizeof(to);

	if (getsockname(other, (void *)&to, &length) < 0)
		return answer(-1);
	to.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	return answer((int)sendto(file, "x", 1, 0, (void *)&to, sizeof(to)));
}

static const char *crowd(int file, const struct sockaddr_storage *to, socklen_t length, int count)
{
	for (int i = 0; i < count; i++) {
		struct sockaddr_in from = { .sin_family = AF_INET };
		int one = socket(AF_INET, SOCK_DGRAM, 0), result;

		from.sin_addr.s_addr = htonl(0x7f010001 + i / PORTS_EACH);
		from.sin_port = htons(PORT_FIRST + i % PORTS_EACH);
		result = bind(one, (void *)&from, sizeof(from));
		if (result == 0)
			result = (int)sendto(one, "x", 1, 0, (const void *)to, length);
		if (result < 0)
			return answer(-1);
		close(one);
		if (!strchr(receive(file, 0), ' '))
			return answer(-1);
	}
	return "OK";
}

static const char *obey(const char *verb, char *name, char *a, char *b, char *c)
{
	struct sockaddr_storage address;
	struct sockaddr none = { .sa_family = AF_UNSPEC };
	struct timeval patience = { .tv_sec = 20 };
	int *kept = &sockets[(unsigned char)name[0]], one = 1;
	socklen_t length;

	if (!strcmp(verb, "enter"))
		return answer(enter(name));
	if (!strcmp(verb, "socket")) {
		*kept = socket(a[0] == '6' ? AF_INET6 : AF_INET, SOCK_DGRAM, 0);
		setsockopt(*kept, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof(patience));
		return answer(*kept);
	}
	if (!strcmp(verb, "receive") || !strcmp(verb, "peek"))
		return receive(*kept, verb[0] == 'p' ? MSG_PEEK : 0);
	if (!strcmp(verb, "ask"))
		return ask(*kept, sockets[(unsigned char)a[0]]);
	if (!strcmp(verb, "write"))
		return answer((int)send(*kept, "x", 1, 0));
	if (!strcmp(verb, "dissolve"))
		return answer(connect(*kept, &none, sizeof(none)));
	if (!strcmp(verb, "routed"))
		return routed(*kept, a, b, atoi(c));
	length = address_of(a, atoi(b), &address);
	if (!strcmp(verb, "crowd"))
		return crowd(*kept, &address, length, atoi(c));
	if (!strcmp(verb, "connect"))
		return answer(connect(*kept, (void *)&address, length));
	if (!strcmp(verb, "send"))
		return answer((int)sendto(*kept, "x", 1, 0, (void *)&address, length));
	if (!strcmp(verb, "shared"))
		setsockopt(*kept, SOL_SOCKET, SO_REUSEPORT, &one, sizeof(one));
	return answer(bind(*kept, (void *)&address, length));
}

int main(void)
{
	char *line = NULL, *words[5];
	size_t size = 0;

	while (getline(&line, &size, stdin) > 0) {
		words[0] = strtok(line, " \n");
		for (int i = 1; words[0] && i < 5; i++)
			words[i] = strtok(NULL, " \n");
		if (!words[0])
			continue;
		for (int i = 1; i < 5; i++)
			words[i] = words[i] ? words[i] : "";
		puts(obey(words[0], words[1], words[2], words[3], words[4]));
		fflush(stdout);
	}
	free(line);
	return 0;
}
