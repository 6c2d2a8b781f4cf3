/*
 * Enters the cgroup whose cgroup.procs is argv[1], then answers one line for each line of standard
 * input: OK or the name of the error. Names of unix sockets are the bytes of sun_path in hex.
 *
 *   connect|send|bind|fastopen tcp|udp ADDRESS PORT    send: without connect; ADDRESS with a colon
 *                                                      is IPv6
 *   bind-v6only tcp|udp ADDRESS PORT
 *   socket FAMILY TYPE PROTOCOL                        numbers
 *   unix-connect|unix-send stream|dgram|seqpacket|pair HEX
 *   leave FILE                                         moves to another cgroup.procs
 *   flood|spread COUNT ADDRESS PORT                    IPv4 datagrams to one port, or to PORT and
 *                                                      those above; answers ns each
 *   routed|routed-connected HOP ADDRESS PORT           a datagram with a source route by way of HOP
 *   keep tcp|udp                                       makes an IPv4 socket, which
 *                                                      `kept ADDRESS PORT` uses
 */
#define _GNU_SOURCE
#include <netinet/ip.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/un.h>
#include <time.h>

#include "asked.h"

static int kept = -1;

static const char *internet(const char *verb, const char *protocol, const char *text, int port)
{
	struct sockaddr_storage address;
	socklen_t length = address_of(text, port, &address);
	int type = strcmp(protocol, "tcp") ? SOCK_DGRAM : SOCK_STREAM;
	int one = 1, result = -1, file = socket(address.ss_family, type, 0);
	const char *said;

	if (file < 0 || length == 0)
		return "socket";
	if (!strcmp(verb, "connect"))
		result = connect(file, (void *)&address, length);
	else if (!strcmp(verb, "send"))
		result = sendto(file, "x", 1, 0, (void *)&address, length);
	else if (!strcmp(verb, "fastopen"))
		result = sendto(file, "x", 1, MSG_FASTOPEN, (void *)&address, length);
	else {
		setsockopt(file, SOL_SOCKET, SO_REUSEADDR, &one, sizeof(one));
		if (!strcmp(verb, "bind-v6only"))
			setsockopt(file, IPPROTO_IPV6, IPV6_V6ONLY, &one, sizeof(one));
		result = bind(file, (void *)&address, length);
	}
	said = answer(result);
	close(file);
	return said;
}

/* One loose source route (RFC 791), or a routing header of type 2 (RFC 6275), with HOP in it. */
static size_t route_by(const char *hop, char *bytes)
{
	if (strchr(hop, ':')) {
		memcpy(bytes, (char[]){ 0, 2, 2, 1 }, 4);
		return inet_pton(AF_INET6, hop, bytes + 8) == 1 ? 24 : 0;
	}
	memcpy(bytes, (char[]){ IPOPT_LSRR, 7, IPOPT_MINOFF }, 3);
	return inet_pton(AF_INET, hop, bytes + 3) == 1 ? 8 : 0;
}

static const char *routed(int connected, const char *hop, const char *text, int port)
{
	struct sockaddr_storage address;
	socklen_t length = address_of(text, port, &address);
	int file = socket(address.ss_family, SOCK_DGRAM, 0), is_four = address.ss_family == AF_INET;
	char control[CMSG_SPACE(24)] = "";
	struct iovec content = { "x", 1 };
	struct msghdr message = { .msg_iov = &content, .msg_iovlen = 1, .msg_control = control };
	struct cmsghdr *piece = (void *)control;
	size_t bytes = route_by(hop, (char *)CMSG_DATA(piece));
	const char *said;

	piece->cmsg_level = is_four ? IPPROTO_IP : IPPROTO_IPV6;
	piece->cmsg_type = is_four ? IP_RETOPTS : IPV6_RTHDR;
	piece->cmsg_len = CMSG_LEN(bytes);
	message.msg_controllen = CMSG_SPACE(bytes);
	if (connected && connect(file, (void *)&address, length) < 0)
		return "connect";
	if (!connected) {
		message.msg_name = &address;
		message.msg_namelen = length;
	}
	said = answer((int)sendmsg(file, &message, 0));
	close(file);
	return said;
}

/* Whatever the answers, they are alike: they take so long each. */
static const char *datagrams(int count, const char *text, int port, int step)
{
	static char said[32];
	struct sockaddr_storage address;
	struct sockaddr_in *four = (void *)&address;
	socklen_t length = address_of(text, port, &address);
	struct timespec from, to;
	int file = socket(AF_INET, SOCK_DGRAM, 0);

	clock_gettime(CLOCK_MONOTONIC, &from);
	for (int i = 0; i < count; i++, four->sin_port = htons(ntohs(four->sin_port) + step))
		sendto(file, "x", 1, 0, (void *)&address, length);
	clock_gettime(CLOCK_MONOTONIC, &to);
	close(file);
	snprintf(said, sizeof(said), "%lld",
		 ((to.tv_sec - from.tv_sec) * 1000000000LL + to.tv_nsec - from.tv_nsec) / count);
	return said;
}

static const char *unix_name(const char *verb, const char *kind, const char *hex)
{
	struct sockaddr_un address = { .sun_family = AF_UNIX };
	size_t bytes = strlen(hex) / 2, i;
	int type = !strcmp(kind, "stream")      ? SOCK_STREAM
		   : !strcmp(kind, "seqpacket") ? SOCK_SEQPACKET
						: SOCK_DGRAM;
	int pair[2] = { -1, -1 }, result;
	socklen_t length = offsetof(struct sockaddr_un, sun_path) + bytes;
	const char *said;

	for (i = 0; i < bytes && i < sizeof(address.sun_path); i++)
		sscanf(hex + 2 * i, "%2hhx", (unsigned char *)&address.sun_path[i]);
	if (!strcmp(kind, "pair"))
		socketpair(AF_UNIX, type, 0, pair);
	else
		pair[0] = socket(AF_UNIX, type, 0);
	if (!strcmp(verb, "unix-connect"))
		result = connect(pair[0], (void *)&address, length);
	else
		result = sendto(pair[0], "x", 1, 0, (void *)&address, length);
	said = answer(result);
	close(pair[0]);
	close(pair[1]);
	return said;
}

static const char *obey(char *verb, char *a, char *b, char *c)
{
	struct sockaddr_storage address;

	if (!strcmp(verb, "leave"))
		return answer(enter(a));
	if (!strcmp(verb, "keep"))
		return answer(kept = socket(AF_INET, strcmp(a, "tcp") ? SOCK_DGRAM : SOCK_STREAM, 0));
	if (!strcmp(verb, "kept"))
		return answer(connect(kept, (void *)&address, address_of(a, atoi(b), &address)));
	if (!strcmp(verb, "socket")) {
		int file = socket(atoi(a), atoi(b), atoi(c));
		const char *said = answer(file);

		close(file);
		return said;
	}
	if (!strcmp(verb, "flood") || !strcmp(verb, "spread"))
		return datagrams(atoi(a), b, atoi(c), verb[0] == 's');
	if (!strncmp(verb, "routed", 6))
		return routed(verb[6] != 0, a, b, atoi(c));
	return strncmp(verb, "unix-", 5) ? internet(verb, a, b, atoi(c)) : unix_name(verb, a, b);
}

int main(int count, char **arguments)
{
	char *line = NULL;
	size_t size = 0;

	if (count > 1 && enter(arguments[1]) < 0)
		return perror("enter the cgroup"), 1;
	while (getline(&line, &size, stdin) > 0) {
		char *verb = strtok(line, " \n"), *a = strtok(NULL, " \n");
		char *b = strtok(NULL, " \n"), *c = strtok(NULL, " \n");

		if (!verb)
			continue;
		puts(obey(verb, a ? a : "", b ? b : "", c ? c : ""));
		fflush(stdout);
	}
	free(line);
	return 0;
}
