/*
 * Installs the seccomp filter in argv[1] on itself, then makes the system calls on its standard
 * input, one a line: `NUMBER ARG0 ... ARG5` (unsigned, C notation), or `i386 NUMBER` for int 0x80.
 * Prints 0 or the errno of each. Results that are descriptors are closed. A pointer argument
 * written as `@` is a page of zeros.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

static char zeros[4096];

static void install(const char *file)
{
	int fd = open(file, O_RDONLY);
	struct stat st;
	if (fd < 0 || fstat(fd, &st) < 0) { perror(file); exit(2); }
	struct sock_filter *filter = malloc(st.st_size);
	if (!filter || read(fd, filter, st.st_size) != st.st_size) { perror(file); exit(2); }
	struct sock_fprog program = { .len = st.st_size / sizeof *filter, .filter = filter };
	if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) < 0) { perror("no_new_privs"); exit(2); }
	if (syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, 0, &program) < 0) { perror("seccomp"); exit(2); }
}

static long i386(long number)
{
	long result;
	__asm__ volatile("int $0x80"
			 : "=a"(result)
			 : "a"(number), "b"(0), "c"(0), "d"(0)
			 : "memory", "r8", "r9", "r10", "r11");
	return (int)result;
}

static unsigned long argument(void)
{
	char *word = strtok(NULL, " \n");
	if (!word) return 0;
	return word[0] == '@' ? (unsigned long)zeros : strtoul(word, NULL, 0);
}

int main(int argc, char **argv)
{
	char line[512];
	if (argc != 2) return 2;
	setvbuf(stdout, NULL, _IOLBF, 4096);
	/* What stdio asks of its streams is asked before the filter is there. */
	printf("ready\n");
	int first = getc(stdin);
	ungetc(first, stdin);
	install(argv[1]);
	while (fgets(line, sizeof line, stdin)) {
		char *word = strtok(line, " \n");
		if (!word) continue;
		if (!strcmp(word, "i386")) {
			long result = i386(strtol(strtok(NULL, " \n"), NULL, 0));
			printf("%ld\n", result < 0 ? -result : 0);
			continue;
		}
		unsigned long number = strtoul(word, NULL, 0), a[6];
		for (int i = 0; i < 6; i++) a[i] = argument();
		errno = 0;
		long result = syscall(number, a[0], a[1], a[2], a[3], a[4], a[5]);
		printf("%d\n", result == -1 ? errno : 0);
		if (result > 2 && (number == SYS_socket || number == SYS_memfd_create)) close(result);
	}
	return 0;
}
