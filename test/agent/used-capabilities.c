/*
 * Makes calls that root may make by a capability alone, one for each line of standard input, and
 * prints what came of each: `read FILE`, `flood FILE`, `bind PORT`,
 * `owner FILE`, `groups`, `spawn`.
 */
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

static int bind_to(int port)
{
	struct sockaddr_in address = { .sin_family = AF_INET, .sin_port = htons(port) };
	int fd = socket(AF_INET, SOCK_STREAM, 0), on = 1, result;

	address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on));
	result = bind(fd, (struct sockaddr *)&address, sizeof(address));
	close(fd);
	return result;
}

/* The kernel asks whether the stack may grow that much. */
static int grow_stack(void)
{
	volatile char deep[1 << 20];

	deep[0] = 0;
	return deep[0];
}

/* Memory and a process: here the kernel asks for capabilities without need (CAP_OPT_NOAUDIT). */
static int spawn(void)
{
	void *memory = mmap(NULL, 1 << 20, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	pid_t child = fork();

	if (child == 0)
		_exit(memory == MAP_FAILED || grow_stack());
	return waitpid(child, NULL, 0) == child ? 0 : -1;
}

static int read_file(const char *path)
{
	int fd = open(path, O_RDONLY);

	return fd < 0 ? -1 : close(fd);
}

/* Of one use. */
#define FLOOD 5000

static int flood(const char *path)
{
	for (int opened = 0; opened < FLOOD; opened++)
		if (read_file(path) < 0)
			return -1;
	return 0;
}

static int act(const char *word, const char *object)
{
	if (strcmp(word, "read") == 0)
		return read_file(object);
	if (strcmp(word, "flood") == 0)
		return flood(object);
	if (strcmp(word, "groups") == 0)
		return setgroups(0, NULL);
	if (strcmp(word, "bind") == 0)
		return bind_to(atoi(object));
	if (strcmp(word, "owner") == 0)
		return chown(object, 1, 1);
	return spawn();
}

int main(void)
{
	char line[4096], word[16], object[4096];

	while (fgets(line, sizeof(line), stdin)) {
		object[0] = 0;
		sscanf(line, "%15s %4095s", word, object);
		printf("%s %s\n", word, act(word, object) == 0 ? "done" : strerrorname_np(errno));
		fflush(stdout);
	}
	return 0;
}
