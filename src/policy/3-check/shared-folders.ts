/** Folders that many programs share: the right to change everything in one affects all of them. */
export const shared: readonly string[] = [
  "/",
  "/bin",
  "/boot",
  "/dev",
  "/etc",
  "/home",
  "/lib",
  "/opt",
  "/root",
  "/run",
  "/srv",
  "/tmp",
  "/usr",
  "/usr/bin",
  "/usr/lib",
].concat([
  "/usr/local",
  "/usr/sbin",
  "/usr/share",
  "/var",
  "/var/cache",
  "/var/lib",
  "/var/log",
  "/var/run",
  "/var/spool",
  "/var/tmp",
]);
/** Folders with secrets of other programs or users. */
export const secret: readonly string[] = [
  "/",
  "/etc",
  "/home",
  "/proc",
  "/root",
  "/run",
  "/var",
  "/var/lib",
  "/etc/ssl",
  "/etc/ssl/private",
  "/etc/ssh",
];

export function isHome(folder: string): boolean {
  return /^\/home\/[^/]+$/.test(folder);
}
