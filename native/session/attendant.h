#include <stddef.h>
#include <stdint.h>

/* The server's end of a packet socket, the file in which the server writes what to start, and the
   sockets to which clients connect. */
enum { CONTROL = 3, ORDERS, LISTENERS };
#define DESCRIPTORS 3
#define EXIT_REFUSED 125

/* Device numbers of the client's descriptors that are terminals, else 0. */
extern uint32_t terminals[DESCRIPTORS];

void tell(char kind, const void *rest, size_t length, int descriptor);

/* Starts the program in the orders. Returns a descriptor that becomes readable at its end. */
int orders_start(void);
/* Signals the program, if it runs, and its group. */
void orders_kill(int signal);
void orders_reap(void);

/* Relays bytes between the client and another socket of the server's, by path, until either side
   has ended. */
_Noreturn void bytes_pass(int client, const char *path);
