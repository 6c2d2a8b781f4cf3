/** Ends postinst in the middle of its work, the first time that it is called. */
const killsOnce = `#!/bin/sh
mv /usr/bin/deb-systemd-helper.kept /usr/bin/deb-systemd-helper
kill -KILL "$PPID"
`;
const killPostinst = `
mv /usr/bin/deb-systemd-helper /usr/bin/deb-systemd-helper.kept
printf %s "$1" >/usr/bin/deb-systemd-helper
chmod 755 /usr/bin/deb-systemd-helper`;

/** Script and arguments: the next installation of Cofferdam ends half-configured. */
export const endNextPostinst = [killPostinst, killsOnce] as const;
