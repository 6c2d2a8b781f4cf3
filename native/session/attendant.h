/* The parts of an attendant (attendant.c). */
#include <stddef.h>
#include <stdint.h>

/* The server's end of a sequence of packets, the file in which it writes what is to be started,
   and the sockets that clients connect to. */
enum { CONTROL = 3, ORDERS, LISTENERS };
#define DESCRIPTORS 3
#define EXIT_REFUSED 125

/* Device numbers of those of the client's descriptors that are terminals, else 0. */
extern uint32_t terminals[DESCRIPTORS];

void tell(char kind, const void *rest, size_t length, int descriptor);

/* Starts what is in the orders; a descriptor that tells of its end. */
int orders_start(void);
/* To what was started, if it runs, and its group. */
void orders_kill(int signal);
void orders_reap(void);

/* Passes bytes between the client and another socket of the server's, by its path, until either
   has ended. */
_Noreturn void bytes_pass(int client, const char *path);
