// Terminals and other devices.
#include <signal.h>
#include <sys/ioctl.h>
#include <termios.h>

#include "transparent.h"

// Both ends of a new terminal, as grantpt(3) and its kin do it.
static int master(char *slave) {
  int m = open("/dev/ptmx", O_RDWR | O_NOCTTY), locked = 0;
  unsigned number = 0;
  say_descriptor("master", m);
  SAY(ioctl(m, TIOCSPTLCK, &locked));
  ioctl(m, TIOCGPTN, &number);
  snprintf(slave, 64, "/dev/pts/%u", number);
  return m;
}
CASE(terminal, both_ends) {
  char name[64], t[16] = "";
  int m = master(name), s = open(name, O_RDWR | O_NOCTTY);
  say_descriptor("slave", s);
  SAY(isatty(s));
  struct winsize w = {24, 80, 0, 0};
  SAY(ioctl(m, TIOCSWINSZ, &w));
  SAY(ioctl(s, TIOCGWINSZ, &w));
  struct termios a;
  SAY(tcgetattr(s, &a));
  cfmakeraw(&a);
  SAY(tcsetattr(s, TCSANOW, &a));
  SAY(write(s, "up", 2));
  SAY(read(m, t, sizeof t));
  SAY(write(m, "down", 4));
  SAY(read(s, t, sizeof t));
  puts(t);
  close(s);
  s = open(name, O_RDONLY | O_NOCTTY | O_NONBLOCK | O_NOFOLLOW);
  printf("flags %o\n", fcntl(s, F_GETFL));
  SAY(read(s, t, sizeof t));
  close(m);
  SAY_FD(open(name, O_RDWR | O_NOCTTY));
}
CASE(terminal, of_a_session) {
  char name[64];
  int m = master(name);
  IN_CHILD({
    SAY(setsid() > 0);
    SAY_FD(open("/dev/tty", O_RDWR));
    int s = open(name, O_RDWR | O_NOCTTY);
    SAY(ioctl(s, TIOCSCTTY, 0));
    int t = SAY_FD(open("/dev/tty", O_RDWR));
    SAY(write(t, "told\n", 5));
    SAY(tcgetsid(t) == getpid());
    SAY_FD(open("/dev/tty", O_RDONLY | O_NONBLOCK));
    SAY_FD(open("/dev/tty", O_RDWR | O_CREAT, 0600));
    SAY_FD(open("/dev/tty", O_RDONLY | O_DIRECTORY));
    signal(SIGHUP, SIG_IGN);
    SAY(ioctl(t, TIOCNOTTY));
    SAY_FD(open("/dev/tty", O_RDWR));
  });
  char text[128] = "";
  SAY(read(m, text, sizeof text - 1) > 0);
  printf("%s", text);
}
CASE(terminal, taken_by_opening) {
  char name[64];
  master(name);
  IN_CHILD({
    setsid();
    signal(SIGHUP, SIG_IGN);
    int s = open(name, O_RDWR);
    SAY(tcgetsid(s) == getpid());
    SAY_FD(open("/dev/tty", O_RDWR));
  });
}
CASE(terminal, typed_by_nobody) {
  char name[64];
  int m = master(name), s = open(name, O_RDWR | O_NOCTTY);
  SAY(ioctl(s, TIOCSTI, "x"));
  close(m);
}
CASE(devices, memory) {
  char t[16];
  int z = open("/dev/zero", O_RDWR | O_APPEND),
      n = open("/dev/null", O_WRONLY | O_TRUNC | O_CREAT, 0600),
      f = open("/dev/full", O_RDWR), r = open("/dev/urandom", O_RDONLY | O_CLOEXEC);
  SAY(read(z, t, sizeof t));
  SAY(write(n, t, sizeof t));
  SAY(write(f, t, 1));
  SAY(read(r, t, sizeof t));
  say_open(z);
  say_open(r);
  SAY(lseek(z, 0, SEEK_END));
  SAY(ioctl(n, FIONREAD, t));
  SAY(ioctl(r, 0x80045200, t));
  SAY_FD(open("/dev/null", O_RDWR | O_CREAT | O_EXCL, 0600));
  SAY_FD(open("/dev/null/", O_RDONLY));
  SAY_FD(open("/dev/null/x", O_RDONLY));
  SAY_FD(open("/dev/null", O_RDWR | O_DIRECTORY));
  SAY(truncate("/dev/null", 0));
  SAY_FD(open("/dev/random", O_RDONLY | O_NONBLOCK));
}
CASE(devices, many_opens_of_each) {
  int bad = 0;
  for (int i = 0; i < 60; i++) {
    int a = open("/dev/null", O_RDWR), b = open("/dev/zero", O_RDONLY),
        c = open("/dev/urandom", O_RDONLY);
    bad += a < 0 || b < 0 || c < 0;
    close(a);
    close(b);
    close(c);
  }
  printf("%d bad\n", bad);
}
