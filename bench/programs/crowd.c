// crowd processes|threads COUNT: that many which only sleep, until standard input ends. Says
// `ready` once all are there.
#define _GNU_SOURCE
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <unistd.h>

static void sleep_on(void)
{
	for (;;)
		pause();
}

static void *one(void *unused)
{
	(void)unused;
	sleep_on();
	return NULL;
}

int main(int argc, char **argv)
{
	if (argc != 3)
		return 2;
	pthread_attr_t small;
	pthread_attr_init(&small);
	pthread_attr_setstacksize(&small, 16384);
	for (int i = atoi(argv[2]); i > 0; i--) {
		pthread_t thread;
		if (argv[1][0] == 't') {
			if (pthread_create(&thread, &small, one, NULL) != 0)
				return 1;
			continue;
		}
		pid_t child = fork();
		if (child < 0)
			return 1;
		if (child == 0) {
			prctl(PR_SET_PDEATHSIG, SIGKILL);
			sleep_on();
		}
	}
	puts("ready");
	fflush(stdout);
	while (getchar() != EOF)
		;
	kill(getpid(), SIGKILL);
}
